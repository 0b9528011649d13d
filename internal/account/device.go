package account

import (
	"context"
	"encoding/base64"
	"strings"
	"time"

	"portico/internal/ids"
	"portico/internal/store"
)

// DeviceCookie marks a browser that has signed in before. It opens nothing: it
// only lets wrong passwords be counted apart.
const DeviceCookie = "__Host-device"

// DeviceLife is how long a browser stays known after its last sign-in. A year:
// many patients come back once a year, for the same check-up.
const DeviceLife = 365 * 24 * time.Hour

// deviceOf reads a device cookie, "" if we did not make it.
func (s *Accounts) deviceOf(cookie string) ids.Device {
	id, mac, _ := strings.Cut(cookie, ".")
	b, err := base64.RawURLEncoding.DecodeString(mac)
	if err != nil || !strings.HasPrefix(id, "dev_") || !s.Keys.CheckMAC(b, "account.device", id) {
		return ""
	}
	return ids.Device(id)
}

func (s *Accounts) deviceCookie(d ids.Device) string {
	return string(d) + "." + base64.RawURLEncoding.EncodeToString(s.Keys.MAC("account.device", string(d)))
}

// Remember keeps that the browser with this device cookie ("" for none) signed
// in to a, in the caller's transaction. It gives the device, the cookie to set
// for DeviceLife, and whether the browser is new to the account. The operation
// that opens an account calls it too, so that its browser is known from then on.
func (s *Accounts) Remember(ctx context.Context, tx *store.Tx, a ids.Account, cookie, agent string) (d ids.Device, set string, fresh bool, err error) {
	if d = s.deviceOf(cookie); d == "" {
		d = ids.NewDevice()
	}
	known, err := knownDevice(ctx, tx, a, d, tx.Now.Add(-DeviceLife))
	if err != nil {
		return "", "", false, err
	}
	_, err = tx.Exec(ctx, `
		INSERT INTO device (id, account_id, agent, first_at, last_at) VALUES ($1, $2, $3, $4, $4)
		ON CONFLICT (account_id, id) DO UPDATE SET agent = $3, last_at = $4, ended_at = NULL`, d, a, agent, store.Time(tx.Now))
	return d, s.deviceCookie(d), !known, err
}
