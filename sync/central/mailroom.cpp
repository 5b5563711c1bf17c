#include "sync/central/mailroom.hpp"

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <iterator>

#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <fcntl.h>
#include <unistd.h>

#include "sync/letter/letter_page.hpp"

namespace card::central {
namespace {

constexpr std::chrono::seconds first_pause{1};
constexpr std::chrono::seconds longest_pause{300};

Result<void> make_and_deliver(const letter::Delivery& delivery, const Letter& due) {
    const RenewalRecord& renewal = due.renewal;
    auto pdf = letter::draw_pdf({renewal.pass_number, renewal.old_pass_number, renewal.valid_from,
                                 renewal.state.valid_to, renewal.pickup_port, renewal.holder_name,
                                 renewal.company, due.made_on, due.qr});
    if (!pdf) {
        return tl::make_unexpected(pdf.error());
    }
    return letter::deliver(
        delivery, {renewal.pass_number.text() + "-" + due.id.text(), due.email, std::move(*pdf)});
}

}  // namespace

struct Mailroom::Hidden {
    Hidden(Central& whose, letter::Delivery how)
        : central(whose), delivery(std::move(how)), pause(whose.context) {}

    Central& central;
    letter::Delivery delivery;
    asio::steady_timer pause;
    std::chrono::seconds next_pause = first_pause;
    bool busy = false;  ///< sending, or pausing after a failure
    asio::thread_pool thread{1};
};

Mailroom::Mailroom(Central& central, letter::Delivery delivery)
    : hidden_(std::make_unique<Hidden>(central, std::move(delivery))) {}

Mailroom::~Mailroom() {
    hidden_->thread.join();
}

void Mailroom::wake() {
    if (!hidden_->busy) {
        send_next();
    }
}

void Mailroom::send_next() {
    Central& central = hidden_->central;
    auto due = central.store.due_letters(1);
    hidden_->busy = due && !due->empty();
    if (!due) {
        (void)answer(central, due.error());
    }
    if (!hidden_->busy) {
        return;
    }
    asio::post(hidden_->thread, [this, letter = std::move(due->front())] {
        auto result = make_and_deliver(hidden_->delivery, letter);
        asio::post(hidden_->central.context,
                   [this, letter, result = std::move(result)] { sent(letter, result); });
    });
}

void Mailroom::sent(const Letter& letter, const Result<void>& result) {
    Central& central = hidden_->central;
    const std::string pass_no = letter.renewal.pass_number.text();
    if (result) {
        const auto stored = central.store.letter_sent(letter.id, central.moment().now);
        if (!stored) {
            (void)answer(central, stored.error());
            return;
        }
        central.events("letter_sent", {{"pass_no", pass_no}, {"letter", letter.id.text()}});
        hidden_->next_pause = first_pause;
        send_next();
        return;
    }
    central.events("letter_failed", {{"pass_no", pass_no},
                                     {"letter", letter.id.text()},
                                     {"fault", std::string(name(result.error().fault))},
                                     {"detail", result.error().detail}});
    hidden_->pause.expires_after(hidden_->next_pause);
    hidden_->next_pause = std::min(hidden_->next_pause * 2, longest_pause);
    hidden_->pause.async_wait([this](const boost::system::error_code& error) {
        if (!error) {
            send_next();
        }
    });
}

LetterKey::LetterKey(Es256Key key)
    : key_(std::make_shared<const Es256Key>(std::move(key))),
      id_(key_id_of(key_->public_point())) {}

Result<LetterKey> LetterKey::open(const std::string& path) {
    constexpr int owner_only = 0600;
    const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, owner_only);
    if (fd >= 0) {
        Es256Key key = Es256Key::generate();
        const PersonalText pem = key.to_pem();
        const std::string_view text = pem.reveal();
        const bool written =
            ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
            ::fsync(fd) == 0;
        ::close(fd);
        if (!written) {
            (void)::unlink(path.c_str());
            return fail(Fault::correct_configuration, "cannot write " + path);
        }
        return LetterKey(std::move(key));
    }
    std::ifstream file(path);
    if (errno != EEXIST || !file) {
        return fail(Fault::correct_configuration, "cannot make or read " + path);
    }
    const PersonalText pem(std::string(std::istreambuf_iterator<char>(file), {}));
    auto key = Es256Key::from_pem(pem.reveal());
    if (!key) {
        return fail("reading " + path, key.error());
    }
    return LetterKey(std::move(*key));
}

wire::LetterKeys LetterKey::public_keys() const {
    const P256Point point = key_->public_point();
    return {{Bytes(point.begin(), point.end())}};
}

LetterSigner LetterKey::signer() const {
    return [key = key_, id = id_](const RenewalRecord& renewal) {
        return write_letter_qr(
            {renewal.id, renewal.pass_number, renewal.old_pass_number, renewal.pickup_port,
             renewal.state.valid_to},
            id, [&key](BytesView octets) -> Result<Bytes> { return key->sign(octets); });
    };
}

}  // namespace card::central
