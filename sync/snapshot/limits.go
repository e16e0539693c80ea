package snapshot

import "cantal.fr/buron/sync/journal"

// Limits of the format. They bind signed data and are never lowered; raising one needs a new version.
const (
	MaxHeader = 2 << 20 // bytes of a header
	MaxHeads  = 20_000  // ends of chains that a header names, of either vector
	MaxFrames = 4096    // frames of a snapshot
	MaxFrame  = 4 << 20 // bytes of a frame, unpacked

	maxCells    = 4096 // fields of a record
	maxVersions = 4096 // of a field

	maxValue = 2 * journal.MaxField // bytes of a value: no entry brings more
)

// FrameBytes is where a frame is full, unpacked: the record that comes next begins another. It binds nobody.
const FrameBytes = 256 << 10

// maxRecord is the most that one record may add to a frame that is not full yet.
const maxRecord = MaxFrame - FrameBytes - 64<<10

// domain stands before what is signed, and nowhere else.
const domain = "buron snapshot v1\n"

// version is the version of the format.
const version = 1

// sumLen is the length of a hash.
const sumLen = 32

const maxDepth = journal.MaxDepth
