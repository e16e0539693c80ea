package journal

// Limits of the format. They bind signed data and are never lowered; raising one needs a new version.
const (
	MaxHead      = 128 << 10 // bytes of a head
	MaxOps       = 1000      // operations of an entry
	MaxEntry     = 1 << 20   // bytes of an entry: head and bodies
	MaxField     = 256 << 10 // bytes of one encoded value
	MaxFieldName = 32        // bytes
	MaxKind      = 32        // bytes
	MaxScope     = 64        // bytes
	MaxRefs      = 256       // dots named by one operation
	MaxDepth     = 4         // nesting of a value
	MaxPiece     = 500       // entries of a piece
	MaxBlobs     = 32        // blobs named by one operation
	MaxBlob      = 20 << 20  // bytes of a blob's ciphertext
	MaxMIME      = 64        // bytes
)

// Lengths of the format, in bytes.
const (
	seedLen       = 16
	hashLen       = 32
	tagLen        = 8
	signatureLen  = 64
	incarnationID = 16
)
