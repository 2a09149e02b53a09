#pragma once
#include <vector>
#include "shape.hpp"

namespace linear {

using Index = std::size_t;

enum class Layout { RowMajor, ColumnMajor };

/// A dense matrix.
template <typename T>
class Matrix : public Shape<2>, private detail::Storage {
public:
    explicit Matrix(Index rows, Index columns);
    virtual ~Matrix() = default;

    /// Number of rows.
    Index rows() const noexcept { return rows_; }

    Matrix& operator+=(const Matrix& other) {
        check_shape(other);
        for (Index i = 0; i < data_.size(); ++i) {
            data_[i] += other.data_[i];
        }
        return *this;
    }

private:
    std::vector<T> data_;
    Index rows_ = 0;
};

template <typename T>
Matrix<T>::Matrix(Index rows, Index columns) : data_(rows * columns), rows_(rows) {
    assert_positive(rows);
    registry::add(this);
}

struct Cell {
    int row, column;
};

int* Grid::cells(const Cell& from) {
    auto found = find<Cell>(from);
    return found->data();
}

}  // namespace linear
