package ccda

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"encoding/base64"
	"errors"
	"io"
	"strings"
)

// readFile reads an encapsulated value (data type ED): text, base64, either
// compressed, or the address of something elsewhere. left is how many bytes all
// compressed files of a document may still unpack to.
func readFile(n *node, left *int64) (*File, error) {
	f := &File{MediaType: strings.ToLower(clean(n.attr("mediaType"))), Reference: clean(n.child("reference").attr("value"))}
	if f.MediaType == "" {
		f.MediaType = "text/plain" // the default of the data type
	}
	var raw strings.Builder
	for _, k := range n.kids {
		if k.name == "" {
			raw.WriteString(k.text)
		}
	}
	text := strings.TrimSpace(raw.String())
	if text == "" {
		if f.Reference != "" && n.attr("mediaType") == "" {
			f.MediaType = "" // it was said for what is inside
		}
		return f, nil
	}
	f.Data = []byte(text)
	if n.attr("representation") != "B64" {
		return f, nil
	}
	data, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(text), ""))
	if err == nil {
		data, err = inflate(data, n.attr("compression"), left)
	}
	if err != nil {
		return nil, badFile(n, err)
	}
	f.Data = data
	return f, nil
}

var errLarge = errors.New("ccda: unpacks to too much")

func badFile(n *node, err error) error {
	e := &Error{Line: n.line, Path: n.name, Reason: BadFile}
	if errors.Is(err, errLarge) {
		e.Reason = TooLarge
	}
	return e
}

// inflate undoes compression, DF being RFC 1951, ZL RFC 1950, GZ RFC 1952.
func inflate(data []byte, how string, left *int64) ([]byte, error) {
	var r io.Reader = bytes.NewReader(data)
	var err error
	switch how {
	case "":
		return data, nil
	case "DF":
		r = flate.NewReader(r)
	case "ZL":
		r, err = zlib.NewReader(r)
	case "GZ":
		r, err = gzip.NewReader(r)
	default: // compress, of 1984
		err = errors.ErrUnsupported
	}
	if err != nil {
		return nil, err
	}
	out, err := io.ReadAll(io.LimitReader(r, *left+1))
	if *left -= int64(len(out)); *left < 0 {
		return nil, errLarge
	}
	return out, err
}
