package secret

import (
	"bytes"
	"errors"
	"io"
	"testing"
)

func sealed(t testing.TB, k *Keyring, plain []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := k.SealStream("test", &b)
	if err != nil {
		t.Fatal(err)
	}
	for len(plain) > 0 { // in odd parts
		n := min(len(plain), 10_007)
		if _, err := w.Write(plain[:n]); err != nil {
			t.Fatal(err)
		}
		plain = plain[n:]
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func unseal(k *Keyring, purpose string, b []byte) ([]byte, error) {
	r, err := k.OpenStream(purpose, bytes.NewReader(b))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(r)
}

func TestStreamsComeBackWhole(t *testing.T) {
	k := mustKeys(t, keyA)
	for _, n := range []int{0, 1, streamPiece - 1, streamPiece, streamPiece + 1, 3 * streamPiece} {
		plain := bytes.Repeat([]byte("x"), n)
		b := sealed(t, k, plain)
		got, err := unseal(mustKeys(t, keyB, keyA), "test", b) // the key is an older one by now
		if err != nil || !bytes.Equal(got, plain) {
			t.Errorf("%d bytes: %d came back, %v", n, len(got), err)
		}
		if bytes.Contains(b, []byte("xxxx")) {
			t.Error("the text can be read")
		}
	}
}

func TestAlteredStreamsAreRefused(t *testing.T) {
	k := mustKeys(t, keyA)
	plain := bytes.Repeat([]byte("0123456789"), 20_000)
	whole := sealed(t, k, plain)
	head, piece := len(streamHead)+2*keyIDLen+streamSalt, streamPiece+16
	pieces := func(order ...int) []byte {
		b := bytes.Clone(whole[:head])
		for _, i := range order {
			b = append(b, whole[head+i*piece:min(len(whole), head+(i+1)*piece)]...)
		}
		return b
	}
	if got, err := unseal(k, "test", pieces(0, 1, 2, 3)); err != nil || !bytes.Equal(got, plain) {
		t.Fatalf("as it was: %v", err)
	}
	for name, b := range map[string][]byte{
		"cut in a piece": whole[:len(whole)-1], "cut between pieces": pieces(0, 1, 2), "cut to the head": whole[:head],
		"a piece left out": pieces(0, 2, 3), "a piece twice": pieces(0, 1, 1, 2, 3), "moved": pieces(1, 0, 2, 3),
		"more behind": append(bytes.Clone(whole), 1), "two streams": append(bytes.Clone(whole), whole...),
		"nothing": nil, "something else": bytes.Repeat([]byte("a"), 500),
	} {
		if _, err := unseal(k, "test", b); !errors.Is(err, ErrStream) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, i := range []int{len(streamHead) + 10, head, head + piece, len(whole) - 1} {
		b := bytes.Clone(whole)
		b[i] ^= 1
		if _, err := unseal(k, "test", b); !errors.Is(err, ErrStream) {
			t.Errorf("changed at %d: %v", i, err)
		}
	}
	if _, err := unseal(k, "other", whole); !errors.Is(err, ErrStream) {
		t.Errorf("for another purpose: %v", err)
	}
	var missing MissingKeyError
	if _, err := unseal(mustKeys(t, keyB), "test", whole); !errors.As(err, &missing) || string(missing) != k.Current() {
		t.Errorf("without its key: %v", err)
	}
}

func FuzzOpenStream(f *testing.F) {
	k := mustKeys(f, keyA)
	f.Add(sealed(f, k, []byte("x")))
	f.Add([]byte(streamHead))
	f.Fuzz(func(t *testing.T, b []byte) {
		if got, err := unseal(k, "another", b); err == nil {
			t.Errorf("opened as %q", got)
		}
	})
}
