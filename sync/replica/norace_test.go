//go:build !race

package replica

const (
	usualOrders = "10"
	orderSeeds  = 2

	severalMessages = 6000
)
