//go:build race

package sim

// usualLives is few under the race detector, which makes a life twenty times longer.
const usualLives = 1
