package ccda

// Limits bound what one document may ask of the reader.
type Limits struct {
	Bytes    int64 // after unpacking; an attached file may unpack to as much again
	Depth    int   // nesting of elements
	Elements int   // elements in all
}

// Usual is for documents from anywhere. The largest chart seen so far, 7.8 MB,
// has 128,000 elements; the deepest is 17 deep.
var Usual = Limits{Bytes: 16 << 20, Depth: 64, Elements: 200_000}

// maxTag is the longest a single tag may be, in bytes. encoding/xml holds all
// attributes of a tag at once, in many times the memory they have in the file.
const maxTag = 64 << 10

// maxSpan is the most columns or rows a cell may take. Browsers draw an empty
// place for each of them.
const maxSpan = 100

// maxPictures is how many pictures one place may show, so that a short document
// cannot ask for a million.
const maxPictures = 20
