package sharing

import "strconv"

// quiet is the empty margin around a QR code in dots (ISO/IEC 18004).
const quiet = 4

// dots is a QR code: the path that draws its dark dots, and how many dots it is
// wide with its margin.
type dots struct {
	Path string
	Size int
}

func drawn(bitmap [][]bool) dots {
	var b []byte
	for y, row := range bitmap {
		for x := 0; x < len(row); x++ {
			from := x
			for x < len(row) && row[x] {
				x++
			}
			if x == from {
				continue
			}
			b = append(b, 'M')
			b = strconv.AppendInt(b, int64(from+quiet), 10)
			b = append(b, ' ')
			b = strconv.AppendInt(b, int64(y+quiet), 10)
			b = append(b, 'h')
			b = strconv.AppendInt(b, int64(x-from), 10)
			b = append(b, "v1h-"...)
			b = strconv.AppendInt(b, int64(x-from), 10)
			b = append(b, 'z')
		}
	}
	return dots{string(b), len(bitmap) + 2*quiet}
}

func (d dots) box() string {
	n := strconv.Itoa(d.Size)
	return "0 0 " + n + " " + n
}
