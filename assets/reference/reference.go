// Package reference embeds what is known of the Cantal before anyone records anything: its 22 public
// collèges and its 250 communes. SOURCES.md names where they come from and under which licences. It is read
// only, and draws nothing.
package reference

import (
	_ "embed"
	"encoding/csv"
	"fmt"
	"strings"
	"sync"
)

//go:embed colleges.csv
var colleges string

//go:embed communes.csv
var communes string

// College is a public collège.
type College struct {
	UAI, Name string
	INSEE     string // code of its commune
	Commune   string
	Position  string // latitude, longitude
}

// Commune is a commune; its INSEE code is its key, since postcodes are shared and doubled.
type Commune struct {
	INSEE, Name string
}

var readColleges = sync.OnceValue(func() []College {
	var out []College
	for _, r := range rows(colleges) {
		out = append(out, College{UAI: r[0], Name: r[1], INSEE: r[2], Commune: r[3], Position: r[5] + ", " + r[6]})
	}
	return out
})

var readCommunes = sync.OnceValue(func() []Commune {
	var out []Commune
	for _, r := range rows(communes) {
		out = append(out, Commune{INSEE: r[0], Name: r[1]})
	}
	return out
})

// Colleges returns the 22 public collèges, by UAI.
func Colleges() []College { return readColleges() }

// Communes returns the 250 communes, by INSEE code.
func Communes() []Commune { return readCommunes() }

// CommuneName returns the name of a commune by its INSEE code, "" where it is not of the Cantal.
func CommuneName(insee string) string {
	for _, c := range Communes() {
		if c.INSEE == insee {
			return c.Name
		}
	}
	return ""
}

// rows reads an embedded table without its header; one that cannot be read is a fault of ours.
func rows(table string) [][]string {
	all, err := csv.NewReader(strings.NewReader(table)).ReadAll()
	if err != nil || len(all) < 2 {
		panic(fmt.Sprintf("reference: embedded table: %v", err))
	}
	return all[1:]
}
