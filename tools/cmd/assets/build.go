package main

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"

	"github.com/andybalholm/brotli"
	"github.com/evanw/esbuild/pkg/api"
)

// engines are the oldest browsers that get the full look; older ones get plain
// working pages.
var engines = []api.Engine{
	{Name: api.EngineSafari, Version: "14"},
	{Name: api.EngineChrome, Version: "87"},
	{Name: api.EngineFirefox, Version: "91"},
}

// packed are file kinds that are compressed already.
var packed = map[string]bool{".woff2": true, ".png": true}

type builder struct {
	from, to string
	names    map[string]string // source name → name with content hash
	report   []string
}

func (b *builder) run() error {
	if err := os.RemoveAll(b.to); err != nil {
		return err
	}
	if err := os.MkdirAll(b.to, 0o755); err != nil {
		return err
	}
	// Style sheets name fonts and pictures by their hashed names, so those first.
	for _, pattern := range []string{"fonts/*.woff2", "img/*.svg", "img/*.png"} {
		if err := b.copyAll(pattern); err != nil {
			return err
		}
	}
	if err := b.sprite(); err != nil {
		return err
	}
	for _, entry := range []string{"css/app.css", "css/desk.css", "js/app.js", "js/live.js", "js/view.js", "js/passkey.js"} {
		if err := b.bundle(entry); err != nil {
			return err
		}
	}
	manifest, err := json.MarshalIndent(b.names, "", " ") // map keys come out sorted
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(b.to, "manifest.json"), append(manifest, '\n'), 0o644)
}

func (b *builder) copyAll(pattern string) error {
	files, err := filepath.Glob(filepath.Join(b.from, pattern))
	if err != nil {
		return err
	}
	sort.Strings(files)
	for _, f := range files {
		content, err := os.ReadFile(f)
		if err != nil {
			return err
		}
		if err := b.put(filepath.Base(f), content); err != nil {
			return err
		}
	}
	return nil
}

// bundle joins, minifies and lowers one style sheet or script with everything
// it imports.
func (b *builder) bundle(entry string) error {
	r := api.Build(api.BuildOptions{
		EntryPoints:       []string{filepath.Join(b.from, entry)},
		Bundle:            true,
		MinifyWhitespace:  true,
		MinifyIdentifiers: true,
		MinifySyntax:      true,
		Charset:           api.CharsetUTF8,
		Format:            api.FormatIIFE,
		External:          []string{"../fonts/*", "../img/*"},
		Engines:           engines,
		LogLevel:          api.LogLevelWarning,
	})
	if len(r.Errors) > 0 {
		return errors.New("esbuild refused " + entry)
	}
	out := string(r.OutputFiles[0].Contents)
	for name, hashed := range b.names {
		out = strings.ReplaceAll(out, "../fonts/"+name, hashed)
		out = strings.ReplaceAll(out, "../img/"+name, hashed)
	}
	return b.put(filepath.Base(entry), []byte(out))
}

// put writes content under a name that carries its hash, with compressed copies.
func (b *builder) put(name string, content []byte) error {
	sum := sha256.Sum256(content)
	ext := filepath.Ext(name)
	hashed := strings.TrimSuffix(name, ext) + "." + hex.EncodeToString(sum[:5]) + ext
	b.names[name] = hashed
	path := filepath.Join(b.to, hashed)
	if err := os.WriteFile(path, content, 0o644); err != nil {
		return err
	}
	if packed[ext] {
		b.report = append(b.report, fmt.Sprintf("%-36s %7d bytes", hashed, len(content)))
		return nil
	}
	gz, br, err := compress(content)
	if err != nil {
		return err
	}
	b.report = append(b.report, fmt.Sprintf("%-36s %7d bytes  gzip %6d  brotli %6d", hashed, len(content), len(gz), len(br)))
	if err := os.WriteFile(path+".gz", gz, 0o644); err != nil {
		return err
	}
	return os.WriteFile(path+".br", br, 0o644)
}

// compress packs content both ways at the highest level. Neither output holds a
// time or a name, so it is the same on every run.
func compress(content []byte) (gz, br []byte, err error) {
	var g, r bytes.Buffer
	gw, err := gzip.NewWriterLevel(&g, gzip.BestCompression)
	if err != nil {
		return nil, nil, err
	}
	bw := brotli.NewWriterLevel(&r, brotli.BestCompression)
	for _, step := range []func() error{
		func() error { _, err := gw.Write(content); return err }, gw.Close,
		func() error { _, err := bw.Write(content); return err }, bw.Close,
	} {
		if err := step(); err != nil {
			return nil, nil, err
		}
	}
	return g.Bytes(), r.Bytes(), nil
}
