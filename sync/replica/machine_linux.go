package replica

import (
	"os"
	"strings"
)

// machineID returns what systemd and D-Bus name this installation by, "" where neither has.
func machineID() string {
	for _, path := range []string{"/etc/machine-id", "/var/lib/dbus/machine-id"} {
		if b, err := os.ReadFile(path); err == nil {
			return strings.TrimSpace(string(b))
		}
	}
	return ""
}
