// as: sync/wire/sample.cpp
#include <cstdio>
#include <iostream>

using namespace std;  // found: using-namespace-std

namespace card {

class ReaderManager {};  // found: type-name
struct HexHelper {};     // found: type-name
enum class UtilKind {};  // found: type-name

void show(const unsigned char* octets) {
    std::cout << "x";                             // found: print
    std::printf("x");                             // found: print
    printf("x");                                  // found: print
    (void)reinterpret_cast<const char*>(octets);  // found: reinterpret
}

}  // namespace card
