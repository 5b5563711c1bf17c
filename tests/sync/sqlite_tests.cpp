#include <array>
#include <filesystem>
#include <fstream>

#include <boost/test/unit_test.hpp>
#include <sys/stat.h>

#include "sync/sqlite/sqlite.hpp"

using namespace card;
using namespace card::sqlite;

namespace {

constexpr std::string_view script =
    "CREATE TABLE thing (id INTEGER PRIMARY KEY, name TEXT, octets BLOB) STRICT;";
constexpr Schema schema{0x54455354, 1, script};

struct Fixture {
    Fixture() {
        std::string pattern = std::filesystem::temp_directory_path() / "sqlite_tests.XXXXXX";
        folder = ::mkdtemp(pattern.data());
    }
    ~Fixture() { std::filesystem::remove_all(folder); }

    Database open() {
        auto database = Database::open(path(), schema);
        BOOST_REQUIRE(database);
        return std::move(*database);
    }
    [[nodiscard]] std::string path() const { return folder / "test.db"; }

    std::filesystem::path folder;
};

std::int64_t count(Database& database) {
    Statement row = database.query("SELECT count(*) FROM thing");
    BOOST_REQUIRE(row.step());
    return row.integer(0);
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(databases, Fixture)

BOOST_AUTO_TEST_CASE(a_new_file_is_for_its_owner_only) {
    const Database database = open();
    struct stat status {};
    BOOST_REQUIRE(::stat(path().c_str(), &status) == 0);
    BOOST_TEST((status.st_mode & 0777U) == 0600U);
}

BOOST_AUTO_TEST_CASE(an_older_file_is_brought_up_step_by_step_and_keeps_its_content) {
    auto old = open();
    BOOST_REQUIRE(old.run("INSERT INTO thing (name) VALUES ('first')"));
    const std::array<Migration, 2> steps{
        {{2, "ALTER TABLE thing ADD COLUMN colour TEXT; UPDATE thing SET colour = 'red';"},
         {3, "ALTER TABLE thing RENAME COLUMN colour TO paint;"}}};
    auto migrated = Database::open(path(), {schema.application_id, 3, "", steps});
    BOOST_REQUIRE(migrated);
    Statement row = migrated->query("SELECT name, paint FROM thing");
    BOOST_REQUIRE(row.step());
    BOOST_TEST(row.text(0) == "first");
    BOOST_TEST(row.text(1) == "red");
    BOOST_TEST(!Database::open(path(), schema).has_value());
}

BOOST_AUTO_TEST_CASE(a_migration_that_fails_changes_nothing) {
    (void)open();
    const std::array<Migration, 2> steps{
        {{2, "ALTER TABLE thing ADD COLUMN colour TEXT;"}, {3, "no statement at all;"}}};
    BOOST_TEST(!Database::open(path(), {schema.application_id, 3, "", steps}).has_value());
    Database same = open();
    BOOST_TEST(!same.run("UPDATE thing SET colour = 'red'").has_value());
}

BOOST_AUTO_TEST_CASE(a_file_that_no_migration_starts_from_is_refused) {
    (void)open();
    const std::array<Migration, 1> steps{{{3, "ALTER TABLE thing ADD COLUMN colour TEXT;"}}};
    const auto gap = Database::open(path(), {schema.application_id, 3, "", steps});
    BOOST_REQUIRE(!gap);
    BOOST_TEST((gap.error().fault == Fault::correct_configuration));
}

BOOST_AUTO_TEST_CASE(a_check_finds_a_damaged_page_and_says_when_it_saw_not_all) {
    using namespace std::chrono_literals;
    {
        Database database = open();
        for (int i = 0; i < 2000; ++i) {
            BOOST_REQUIRE(database.run("INSERT INTO thing (name) VALUES (?)",
                                       {std::string(100, static_cast<char>('a' + i % 26))}));
        }
        BOOST_TEST(database.quick_check(1min).value());
        BOOST_TEST(!database.quick_check(0ms).value());
    }
    std::fstream file(path(), std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(10 * 4096);
    file << std::string(4096, '\x5A');
    file.close();
    Database database = open();
    const auto checked = database.quick_check(1min);
    BOOST_REQUIRE(!checked);
    BOOST_TEST((checked.error().fault == Fault::stop_station));
}

BOOST_AUTO_TEST_CASE(a_copy_has_all_that_is_committed_and_is_read_only) {
    Database database = open();
    BOOST_REQUIRE(database.run("INSERT INTO thing (name) VALUES ('first')"));
    const std::string copied = folder / "copy.db";
    BOOST_REQUIRE(database.copy_to(copied));
    auto copy = Database::open_copy(copied, schema);
    BOOST_REQUIRE(copy);
    BOOST_TEST(count(*copy) == 1);
    BOOST_TEST(!copy->run("DELETE FROM thing").has_value());
    BOOST_TEST(!database.copy_to(copied).has_value());
    BOOST_TEST(!Database::open_copy(copied, {1, 1, script}).has_value());
}

BOOST_AUTO_TEST_CASE(a_file_of_another_program_or_version_is_refused) {
    (void)open();
    const auto other = Database::open(path(), {1, 1, script});
    const auto newer = Database::open(path(), {schema.application_id, 2, script});
    BOOST_REQUIRE(!other);
    BOOST_REQUIRE(!newer);
    BOOST_TEST((other.error().fault == Fault::correct_configuration));
    BOOST_TEST((newer.error().fault == Fault::correct_configuration));
    BOOST_TEST(Database::open(path(), schema).has_value());
}

BOOST_AUTO_TEST_CASE(damage_and_a_missing_folder_stop_the_station) {
    std::ofstream(path()) << std::string(4096, 'x');
    const auto damaged = Database::open(path(), schema);
    const auto nowhere = Database::open(folder / "no" / "test.db", schema);
    BOOST_TEST((damaged.error().fault == Fault::stop_station));
    BOOST_TEST((nowhere.error().fault == Fault::stop_station));
}

BOOST_AUTO_TEST_CASE(values_come_back_as_they_were) {
    Database database = open();
    const Bytes octets{0, 1, 255};
    BOOST_TEST(*database.run("INSERT INTO thing VALUES (?,?,?)", {1, "a\"b", octets}) == 1);
    BOOST_TEST(
        database.run("INSERT INTO thing VALUES (?,?,?)", {2, std::optional<std::string>(), Bytes()})
            .has_value());
    BOOST_TEST(database.last_insert_rowid() == 2);
    Statement rows = database.query("SELECT id, name, octets FROM thing ORDER BY id");
    BOOST_REQUIRE(*rows.step());
    BOOST_TEST(rows.integer(0) == 1);
    BOOST_TEST(rows.text(1) == "a\"b");
    BOOST_TEST((rows.blob(2) == octets));
    BOOST_REQUIRE(*rows.step());
    BOOST_TEST(!rows.optional_text(1));
    BOOST_TEST(rows.optional_blob(2)->empty());
    BOOST_TEST(!*rows.step());
}

BOOST_AUTO_TEST_CASE(mistakes_in_sql_are_defects_told_by_the_first_step) {
    Database database = open();
    for (const char* sql : {"SELEKT", "", "SELECT * FROM thing WHERE id=?"}) {
        Statement statement = database.query(sql);
        const auto row = statement.step();
        BOOST_REQUIRE(!row);
        BOOST_TEST((row.error().fault == Fault::report_defect));
    }
    BOOST_TEST(!database.run("INSERT INTO thing VALUES (?,?,?)", {"not a number", "a", nullptr}));
}

BOOST_AUTO_TEST_CASE(a_transaction_without_commit_leaves_nothing) {
    Database database = open();
    {
        auto transaction = Transaction::begin(database);
        BOOST_REQUIRE(transaction);
        BOOST_TEST(database.run("INSERT INTO thing (name) VALUES ('x')").has_value());
        BOOST_TEST(database.in_transaction());
        BOOST_TEST(!Transaction::begin(database));
    }
    BOOST_TEST(count(database) == 0);
    auto transaction = Transaction::begin(database);
    BOOST_TEST(database.run("INSERT INTO thing (name) VALUES ('x')").has_value());
    BOOST_TEST(transaction->commit().has_value());
    BOOST_TEST(count(database) == 1);
}

BOOST_AUTO_TEST_CASE(a_kept_statement_is_started_many_times) {
    Database database = open();
    Statement insert = database.prepare("INSERT INTO thing (name) VALUES (?)");
    for (const char* name : {"a", "b", "c"}) {
        insert.start({name});
        BOOST_TEST(insert.finish().has_value());
    }
    BOOST_TEST(count(database) == 3);
}

BOOST_AUTO_TEST_SUITE_END()
