// Shapes.
#include <memory>
#include "geometry.hpp"

using namespace std;
using Points = std::vector<Point>;

#define EPSILON 1e-9

namespace geo::shapes {

/// A shape.
class Shape {
public:
    explicit Shape(std::string name) : name_(std::move(name)) {}
    virtual ~Shape() = default;

    /// Its area.
    virtual double area() const = 0;
    bool operator==(const Shape& other) const;
    static int count;

private:
    std::string name_;
    struct Cache {
        double area;
    };
};

template <typename T, int N>
class Grid : public Shape, private detail::Base<T> {
public:
    T& at(int i) { return cells_[i]; }

    template <class U>
    U convert(U u) const;

private:
    T cells_[N];
};

enum class Color : int { Red, Green };

namespace {
int hidden() { return 1; }
}

// Makes a shape.
std::unique_ptr<Shape> make(int kind) {
    if (kind < 0) throw Error("kind");
    return std::make_unique<Circle>(helper<int>(kind));
}

}  // namespace geo::shapes

bool geo::shapes::Shape::operator==(const Shape& other) const {
    return std::abs(area() - other.area()) < EPSILON;
}

template <typename T, int N>
template <class U>
U Grid<T, N>::convert(U u) const {
    return static_cast<U>(this->scale(u));
}

Widget::Widget(int size) : size_(size) { init(); }

Widget::~Widget() {}

constexpr int kMax = 3;

extern "C" {
int c_entry(int argc);
}

template <typename T>
concept Drawable = requires(T t) { t.draw(); };

TEST(ShapeTest, HasArea) {
    EXPECT_EQ(make(1)->area(), 1);
}
