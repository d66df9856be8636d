package manual

import (
	"errors"
	"fmt"
	"math"
	"strconv"
)

// Count reads the value of an option: how many of what there shall be, from 1 on. Each stands for size smaller things, all of which
// have to be counted in an int64. The error does not repeat v.
func Count(v, what string, size uint64) (uint64, error) {
	n, err := strconv.ParseUint(v, 10, 63)
	switch most := math.MaxInt64 / size; {
	case err != nil && !errors.Is(err, strconv.ErrRange), n == 0:
		return 0, fmt.Errorf("%s must be a whole number from 1", what)
	case err != nil, n > most:
		return 0, fmt.Errorf("%s can be at most %d", what, most)
	}
	return n, nil
}
