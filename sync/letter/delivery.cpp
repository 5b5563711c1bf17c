#include "sync/letter/delivery.hpp"

#include <array>
#include <cerrno>
#include <ctime>
#include <memory>
#include <mutex>
#include <system_error>

#include <curl/curl.h>
#include <fcntl.h>
#include <unistd.h>

namespace card::letter {
namespace {

constexpr long connect_timeout_s = 10;
constexpr long timeout_s = 30;

tl::unexpected<Failure> system_failure(const std::string& doing) {
    const bool wrong = errno == ENOENT || errno == ENOTDIR || errno == EACCES;
    return fail(wrong ? Fault::correct_configuration : Fault::retry_later,
                doing + ": " + std::generic_category().message(errno));
}

class Descriptor {
  public:
    explicit Descriptor(int fd) : fd_(fd) {}
    ~Descriptor() {
        if (fd_ >= 0) {
            ::close(fd_);
        }
    }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;

    [[nodiscard]] int get() const { return fd_; }

    bool write(std::string_view octets) const {
        while (!octets.empty()) {
            const ssize_t written = ::write(fd_, octets.data(), octets.size());
            if (written < 0 && errno != EINTR) {
                return false;
            }
            octets.remove_prefix(static_cast<std::size_t>(written < 0 ? 0 : written));
        }
        return true;
    }

  private:
    int fd_;
};

Result<void> drop(const Spool& spool, const OutgoingLetter& letter) {
    const std::string path = spool.folder + "/" + letter.name + ".pdf";
    const std::string unfinished = spool.folder + "/." + letter.name + ".part";
    {
        constexpr int readable_by_group = 0640;
        const Descriptor file(::open(unfinished.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
                                     readable_by_group));
        if (file.get() < 0 || !file.write(letter.pdf) || ::fsync(file.get()) != 0) {
            return system_failure("writing " + unfinished);
        }
    }
    const Descriptor folder(::open(spool.folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (::rename(unfinished.c_str(), path.c_str()) != 0 || folder.get() < 0 ||
        ::fsync(folder.get()) != 0) {
        return system_failure("putting " + path + " in its place");
    }
    return {};
}

struct Release {
    void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
    void operator()(curl_slist* list) const { curl_slist_free_all(list); }
    void operator()(curl_mime* mime) const { curl_mime_free(mime); }
};
template <class T>
using Owned = std::unique_ptr<T, Release>;

/// 領證通知信 as an encoded word (RFC 2047).
constexpr std::string_view subject = "Subject: =?UTF-8?B?6aCY6K2J6YCa55+l5L+h?=";
constexpr const char* covering_words =
    "您好：\r\n\r\n您申請換發的通行證已製作完成，領證通知信如附件。"
    "領證時請攜帶本通知信及原通行證。\r\n";

bool is_loopback(const std::string& url) {
    return url.starts_with("smtp://127.0.0.1:") || url.starts_with("smtp://[::1]:") ||
           url.starts_with("smtp://localhost:");
}

/// The time of sending, as RFC 5322 3.3 writes it. libcurl leaves it to its caller.
std::string date_header() {
    const std::time_t now = std::time(nullptr);
    std::tm parts{};
    (void)::gmtime_r(&now, &parts);
    std::array<char, 64> text{};
    const std::size_t size =
        std::strftime(text.data(), text.size(), "Date: %a, %d %b %Y %H:%M:%S +0000", &parts);
    return {text.data(), size};
}

/// An address that can stand in a header and a command.
bool is_address(const std::string& text) {
    return !text.empty() && text.find('@') != std::string::npos &&
           text.find_first_of("\r\n<>\" ") == std::string::npos;
}

Owned<curl_slist> appended(Owned<curl_slist> list, const std::string& line) {
    return Owned<curl_slist>(curl_slist_append(list.release(), line.c_str()));
}

Owned<curl_mime> message(CURL* handle, const OutgoingLetter& letter) {
    Owned<curl_mime> mime(curl_mime_init(handle));
    curl_mimepart* words = curl_mime_addpart(mime.get());
    curl_mime_data(words, covering_words, CURL_ZERO_TERMINATED);
    curl_mime_type(words, "text/plain; charset=UTF-8");
    curl_mime_encoder(words, "base64");
    curl_mimepart* pdf = curl_mime_addpart(mime.get());
    curl_mime_data(pdf, letter.pdf.data(), letter.pdf.size());
    curl_mime_type(pdf, "application/pdf");
    curl_mime_filename(pdf, (letter.name + ".pdf").c_str());
    curl_mime_encoder(pdf, "base64");
    return mime;
}

Result<void> mail(const MailServer& server, const OutgoingLetter& letter) {
    if (!is_address(server.from) || !is_address(letter.to)) {
        return fail(Fault::correct_configuration, "a letter's sender or receiver is no address");
    }
    const Owned<CURL> handle(curl_easy_init());
    const std::string domain = server.from.substr(server.from.find('@') + 1);
    const Owned<curl_slist> receivers = appended(nullptr, "<" + letter.to + ">");
    Owned<curl_slist> headers = appended(nullptr, "From: <" + server.from + ">");
    headers = appended(std::move(headers), "To: <" + letter.to + ">");
    headers = appended(std::move(headers), std::string(subject));
    headers = appended(std::move(headers), date_header());
    headers = appended(std::move(headers), "Message-ID: <" + letter.name + "@" + domain + ">");
    const Owned<curl_mime> mime = message(handle.get(), letter);
    curl_easy_setopt(handle.get(), CURLOPT_URL, server.url.c_str());
    curl_easy_setopt(handle.get(), CURLOPT_PROTOCOLS_STR, "smtp,smtps");
    curl_easy_setopt(handle.get(), CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(handle.get(), CURLOPT_PROXY, "");
    curl_easy_setopt(handle.get(), CURLOPT_CONNECTTIMEOUT, connect_timeout_s);
    curl_easy_setopt(handle.get(), CURLOPT_TIMEOUT, timeout_s);
    curl_easy_setopt(handle.get(), CURLOPT_USE_SSL,
                     is_loopback(server.url) ? long{CURLUSESSL_NONE} : long{CURLUSESSL_ALL});
    curl_easy_setopt(handle.get(), CURLOPT_MAIL_FROM, ("<" + server.from + ">").c_str());
    curl_easy_setopt(handle.get(), CURLOPT_MAIL_RCPT, receivers.get());
    curl_easy_setopt(handle.get(), CURLOPT_HTTPHEADER, headers.get());
    curl_easy_setopt(handle.get(), CURLOPT_MIMEPOST, mime.get());
    const CURLcode code = curl_easy_perform(handle.get());
    if (code == CURLE_OK) {
        return {};
    }
    long response = 0;
    curl_easy_getinfo(handle.get(), CURLINFO_RESPONSE_CODE, &response);
    constexpr long first_permanent = 500;
    return fail(response >= first_permanent ? Fault::follow_refusal : Fault::retry_later,
                "mailing: " + std::string(curl_easy_strerror(code)) + ", answer " +
                    std::to_string(response));
}

}  // namespace

Result<void> deliver(const Delivery& delivery, const OutgoingLetter& letter) {
    static std::once_flag started;
    std::call_once(started, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
    if (const auto* spool = std::get_if<Spool>(&delivery)) {
        return drop(*spool, letter);
    }
    return mail(std::get<MailServer>(delivery), letter);
}

}  // namespace card::letter
