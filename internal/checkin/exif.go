package checkin

import (
	"bytes"
	"encoding/binary"
)

// orientation is the number of EXIF's tag that says how a picture is to be turned.
const orientation = 0x0112

// turn reads how a JPEG says it is to be turned, 1 to 8; 1 if it does not say or
// cannot be understood.
func turn(b []byte) int {
	b = b[min(2, len(b)):]
	for len(b) >= 4 && b[0] == 0xff {
		marker, n := b[1], int(binary.BigEndian.Uint16(b[2:]))
		if marker == 0xda || n < 2 || len(b) < 2+n { // the picture itself begins
			return 1
		}
		if body, ok := bytes.CutPrefix(b[4:2+n], []byte("Exif\x00\x00")); ok && marker == 0xe1 {
			return turnOf(body)
		}
		b = b[2+n:]
	}
	return 1
}

// turnOf reads the first directory of a TIFF.
func turnOf(b []byte) int {
	if len(b) < 8 {
		return 1
	}
	var order binary.ByteOrder = binary.BigEndian
	if b[0] == 'I' {
		order = binary.LittleEndian
	}
	at := int64(order.Uint32(b[4:]))
	if at+2 > int64(len(b)) {
		return 1
	}
	entries := b[at+2:]
	for range order.Uint16(b[at:]) {
		if len(entries) < 12 {
			return 1
		}
		if order.Uint16(entries) == orientation {
			if v := int(order.Uint16(entries[8:])); v >= 1 && v <= 8 {
				return v
			}
			return 1
		}
		entries = entries[12:]
	}
	return 1
}
