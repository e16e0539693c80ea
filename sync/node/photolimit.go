package node

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"cantal.fr/buron/sync/record"
)

// PhotoLimit is how many bytes of photos and documents go on a stick, as BundleOptions.Photos has it. As text it is
// a size (« 500Mo », « 2 Go »), « toutes » or « aucune ».
type PhotoLimit int64

// UnmarshalText reads what a person typed.
func (p *PhotoLimit) UnmarshalText(b []byte) error {
	text := strings.ReplaceAll(record.Plain(string(b)), " ", "")
	switch text {
	case "aucune", "aucun", "0":
		*p = -1
		return nil
	case "toutes", "tout", "tous":
		*p = math.MaxInt64
		return nil
	}
	for unit, bytes := range map[string]float64{"ko": 1 << 10, "mo": 1 << 20, "go": 1 << 30} {
		number, ok := strings.CutSuffix(text, unit)
		if n, err := strconv.ParseFloat(strings.Replace(number, ",", ".", 1), 64); ok && err == nil && n > 0 && n < 1<<20 {
			*p = PhotoLimit(n * bytes)
			return nil
		}
	}
	return fmt.Errorf("«\u00a0%s\u00a0» n'est pas une taille\u00a0: écrivez 500Mo, 2Go, toutes ou aucune", b)
}
