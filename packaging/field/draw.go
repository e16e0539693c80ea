package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"math/rand/v2"
	"os"
	"path/filepath"
)

// Sides of a drawn photo in pixels: noise of this size takes 60 to 100 KB as it travels, as a photo of a phone does.
const (
	photoWide = 340
	photoHigh = 240
)

// drawMain writes photos that cannot be compressed, and GLPI inventories, into a folder.
func drawMain(_ context.Context, args []string) error {
	flags := flag.NewFlagSet("draw", flag.ContinueOnError)
	photos, inventories := flags.Int("photos", 0, "number"), flags.Int("inventories", 0, "number")
	if err := flags.Parse(args); err != nil {
		return err
	}
	dir := flags.Arg(0)
	drawn := rand.New(rand.NewPCG(1, 1))
	for i := range *photos {
		b, err := photo(drawn)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("photo-%04d.jpg", i)), b, 0o600); err != nil {
			return err
		}
	}
	for i := range *inventories {
		text := fmt.Sprintf(`{"deviceid":"d%d","content":{"bios":{"ssn":"EX%08X%04d"},"hardware":{"name":"poste-%d","chassis_type":"Desktop"},"networks":[{"mac":"02:00:%02x:%02x:%02x:%02x"}]}}`,
			i, drawn.Uint32(), i%10000, i, drawn.IntN(256), drawn.IntN(256), drawn.IntN(256), drawn.IntN(256))
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("poste-%05d.json", i)), []byte(text), 0o600); err != nil {
			return err
		}
	}
	return nil
}

// photo returns a JPEG of noise.
func photo(drawn *rand.Rand) ([]byte, error) {
	img := image.NewRGBA(image.Rect(0, 0, photoWide, photoHigh))
	for y := range photoHigh {
		for x := range photoWide {
			v := drawn.Uint32()
			img.SetRGBA(x, y, color.RGBA{uint8(v), uint8(v >> 8), uint8(v >> 16), 255})
		}
	}
	var b bytes.Buffer
	err := jpeg.Encode(&b, img, &jpeg.Options{Quality: 85})
	return b.Bytes(), err
}
