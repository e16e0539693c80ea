package trust

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"math/big"
	"time"
)

// exporterLabel is the label under which both ends of a connection derive the same secret bytes.
const exporterLabel = "EXPORTER-buron-v1"

// NotDeviceKey stands in the error of a handshake with one whose certificate is not a device's, as that
// of a proxy which opens encrypted connections.
const NotDeviceKey = "the other end's key is not a device key"

// ErrPinned is returned by a handshake with a peer whose key is not the one expected.
var ErrPinned = errors.New("trust: the other end does not have the expected key")

// Certificate returns a self-signed certificate of the device key. It carries no name, and is valid
// from 2000 to 2100, since devices with a wrong clock must meet too: the key alone is checked.
func (i *Identity) Certificate() (tls.Certificate, error) {
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		Subject:      pkix.Name{CommonName: "buron"},
		NotBefore:    time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC),
		NotAfter:     time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, i.Key.Public(), i.Key)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("trust: make a certificate: %w", err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: i.Key}, nil
}

// PeerKey returns the device key at the other end of a completed handshake.
func PeerKey(state tls.ConnectionState) (Key, error) {
	if len(state.PeerCertificates) == 0 {
		return Key{}, errors.New("trust: the other end showed no key")
	}
	pub, ok := state.PeerCertificates[0].PublicKey.(ed25519.PublicKey)
	if !ok {
		return Key{}, errors.New("trust: " + NotDeviceKey)
	}
	key, ok := KeyOf(pub)
	if !ok {
		return Key{}, errors.New("trust: " + NotDeviceKey)
	}
	return key, nil
}

// ServerTLS returns the configuration of a listener: TLS 1.3, a key asked of every client. Whether
// that key is admitted is for the caller to say, since a device that joins is not yet.
//
// The identity is asked for at each handshake: a device may go on under another key while it listens.
func ServerTLS(identity func() *Identity) *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS13,
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
			cert, err := identity().Certificate()
			return &cert, err
		},
		ClientAuth:       tls.RequireAnyClientCert,
		VerifyConnection: verifyKey(nil),
		// A resumed session would skip the proof of the client's key.
		SessionTicketsDisabled: true,
	}
}

// ClientTLS returns the configuration of a dialer: TLS 1.3, this device's key shown, the other
// end's key required to be pinned where pinned is not nil.
func ClientTLS(i *Identity, pinned *Key) (*tls.Config, error) {
	cert, err := i.Certificate()
	if err != nil {
		return nil, err
	}
	return &tls.Config{
		MinVersion:   tls.VersionTLS13,
		Certificates: []tls.Certificate{cert},
		// Names and authorities mean nothing here: VerifyConnection checks the key itself.
		InsecureSkipVerify: true,
		VerifyConnection:   verifyKey(pinned),
	}, nil
}

func verifyKey(pinned *Key) func(tls.ConnectionState) error {
	return func(state tls.ConnectionState) error {
		key, err := PeerKey(state)
		if err != nil {
			if pinned != nil {
				return fmt.Errorf("%w: %w", ErrPinned, err)
			}
			return err
		}
		if pinned != nil && key != *pinned {
			return ErrPinned
		}
		return nil
	}
}

// Exporter returns 32 bytes that only the two ends of this connection know (RFC 8446 §7.5): proofs
// made over them cannot be carried to another connection.
func Exporter(state tls.ConnectionState) ([]byte, error) {
	b, err := state.ExportKeyingMaterial(exporterLabel, nil, 32)
	if err != nil {
		return nil, fmt.Errorf("trust: bind to the connection: %w", err)
	}
	return b, nil
}
