package interchange

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"

	"cantal.fr/buron/sync/record"
)

// inventory is what we read of a GLPI inventory (format of glpi-project/inventory_format). Logged-in
// users, licence keys and ssh keys are not among it, and so are never read.
type inventory struct {
	DeviceID string  `json:"deviceid"`
	ItemType string  `json:"itemtype"`
	Partial  bool    `json:"partial"`
	Tag      string  `json:"tag"`
	Content  content `json:"content"`
}

// inventoryFile is an inventory with the file it came from.
type inventoryFile struct {
	path string
	*inventory
}

type content struct {
	BIOS struct {
		Serial       string `json:"ssn"`
		Manufacturer string `json:"smanufacturer"`
		Model        string `json:"smodel"`
		AssetTag     string `json:"assettag"`
	} `json:"bios"`
	Hardware struct {
		Name    string `json:"name"`
		UUID    string `json:"uuid"`
		Chassis string `json:"chassis_type"`
		Memory  int64  `json:"memory"` // MiB
	} `json:"hardware"`
	OS struct {
		FullName string `json:"full_name"`
	} `json:"operatingsystem"`
	CPUs []struct {
		Name string `json:"name"`
	} `json:"cpus"`
	Monitors   []attached    `json:"monitors"`
	Printers   []attached    `json:"printers"`
	Networks   []network     `json:"networks"`
	Device     networkDevice `json:"network_device"`
	Components []component   `json:"network_components"`
}

// attached is a monitor or a printer that a computer names.
type attached struct {
	Name         string `json:"name"`
	Caption      string `json:"caption"`
	Driver       string `json:"driver"`
	Serial       string `json:"serial"`
	Manufacturer string `json:"manufacturer"`
}

type network struct {
	MAC     string `json:"mac"`
	Type    string `json:"type"`
	Virtual bool   `json:"virtualdev"`
}

type networkDevice struct {
	Type         string `json:"type"`
	Name         string `json:"name"`
	Manufacturer string `json:"manufacturer"`
	Model        string `json:"model"`
	Serial       string `json:"serial"`
	MAC          string `json:"mac"`
}

// component is one part of a stack of switches.
type component struct {
	Type   string `json:"type"`
	Name   string `json:"name"`
	Model  string `json:"model"`
	Serial string `json:"serial"`
}

var errNotInventory = errors.New("interchange: not a GLPI inventory")

// parseInventory reads one inventory. Keys that it does not know are passed over, as the format asks.
func parseInventory(b []byte) (*inventory, error) {
	b = bytes.TrimPrefix(b, []byte("\uFEFF"))
	var shape struct {
		DeviceID *string          `json:"deviceid"`
		Content  *json.RawMessage `json:"content"`
	}
	if err := json.Unmarshal(b, &shape); err != nil || shape.DeviceID == nil || shape.Content == nil {
		return nil, errNotInventory
	}
	var inv inventory
	if err := json.Unmarshal(b, &inv); err != nil {
		return nil, errNotInventory
	}
	return &inv, nil
}

// valid returns a code without its blanks, "" where it names nothing: a placeholder, or one
// character repeated.
func valid(code string) string { return record.Code(code) }

// mainMAC returns the address of the first real network card, wired before wireless.
func (c *content) mainMAC() string {
	if mac := valid(c.Device.MAC); mac != "" {
		return strings.ToLower(mac)
	}
	best := ""
	for _, n := range c.Networks {
		mac := strings.ToLower(valid(n.MAC))
		if mac == "" || n.Virtual || n.Type == "loopback" {
			continue
		}
		if n.Type == "ethernet" {
			return mac
		}
		if best == "" {
			best = mac
		}
	}
	return best
}

// familyOf guesses the family of equipment that an inventory describes.
func (inv *inventory) familyOf() string {
	d := strings.ToLower(inv.Content.Device.Type + " " + inv.Content.Device.Model + " " + inv.Content.Device.Name)
	switch {
	case inv.ItemType == "Printer":
		return familyPrinter
	case inv.ItemType == "NetworkEquipment":
		for _, word := range []string{"access point", "wireless", "wifi", "wi-fi", "aironet", "unifi"} {
			if strings.Contains(d, word) {
				return familyAccessPoint
			}
		}
		return familySwitch
	}
	switch c := strings.ToLower(inv.Content.Hardware.Chassis); {
	case strings.Contains(c, "tablet"):
		return familyTablet
	case containsAny(c, "laptop", "notebook", "portable", "convertible", "detachable"):
		return familyLaptop
	case containsAny(c, "server", "rack", "blade"):
		return familyServer
	}
	return familyDesktop
}

func containsAny(text string, words ...string) bool {
	for _, w := range words {
		if strings.Contains(text, w) {
			return true
		}
	}
	return false
}

// Codes of the families that inventories describe (record.EquipmentType, field family).
const (
	familyDesktop     = "pc_fixe"
	familyLaptop      = "portable"
	familyTablet      = "tablette"
	familyServer      = "serveur"
	familyPrinter     = "imprimante"
	familySwitch      = "commutateur"
	familyAccessPoint = "borne_wifi"
	familyMonitor     = "ecran"
)
