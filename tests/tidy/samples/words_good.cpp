// as: station/main/sample.cpp
// A main program prints. std::snprintf is no printf, and a comment may say reinterpret_cast.
#include <iostream>

namespace card {

class Managed {};
struct Usefulness {};

}  // namespace card

int main() {
    std::cout << "using namespace std;\n";
    (void)std::snprintf(nullptr, 0, "reinterpret_cast");
}
