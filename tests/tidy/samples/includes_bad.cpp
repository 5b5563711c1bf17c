// as: station/issuance/sample.cpp
#include "../production.hpp"         // found: include
#include <boost/asio/awaitable.hpp>  // found: include
#include <boost/beast/http.hpp>      // found: include
#include <nfc/nfc.h>                 // found: include
#include <openssl/evp.h>             // found: include
#include <sqlite3.h>                 // found: include
#include <winscard.h>                // found: include

#include "cardformat/desfire/identify.hpp"  // found: include
#include "reader/link/messages.hpp"         // found: include
#include "station/console/console.hpp"      // found: include
#include "sync/ledger/ledger.hpp"           // found: include
#include "tests/virtual/desfire/card.hpp"   // found: include
