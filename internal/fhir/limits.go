package fhir

// Limits bound what one input may ask of the reader.
type Limits struct {
	Depth    int   // nesting of objects and arrays within one resource
	Resource int   // bytes of one bundle entry or line
	Entries  int   // resources in one input
	Bytes    int64 // bytes of one input after unpacking
}

var (
	// ForHTTP is for a request's body: depth 64, 5 MiB a resource and 2,000
	// entries (the ingestion rule of the security notes), 64 MiB in all.
	ForHTTP = Limits{Depth: 64, Resource: 5 << 20, Entries: 2000, Bytes: 64 << 20}

	// ForFiles is for files an operator names. One person's whole record from
	// a generator has thousands of entries, a bulk export millions of lines.
	ForFiles = Limits{Depth: 64, Resource: 5 << 20, Entries: 20_000_000, Bytes: 64 << 30}
)

// maxKey is the longest key an object may have, in bytes. The longest element
// name of FHIR R4 has 41.
const maxKey = 256

// maxKeys is how many members an object may have. A resource of FHIR R4 has at
// most some fifty.
const maxKeys = 1000

// maxFaults is how many refused resources one input may have before the reader
// gives the whole of it up.
const maxFaults = 1000
