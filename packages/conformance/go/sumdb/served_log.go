package main

import (
	"encoding/binary"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// Tiles of C2SP have 256 hashes; sumdb writes the height, 8, into paths and calls bundles "data".
const height = 8

// servedLog reads a log over HTTP and remembers hash tiles.
type servedLog struct {
	url   string
	mu    sync.Mutex
	tiles map[string][]byte
}

var client = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: ahead}}

func newServedLog(url string) *servedLog {
	return &servedLog{url: url, tiles: map[string][]byte{}}
}

func (s *servedLog) get(path string) ([]byte, error) {
	r, err := client.Get(s.url + "/" + path)
	if err != nil {
		return nil, err
	}
	defer r.Body.Close()
	if r.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s: %s", path, r.Status)
	}
	return io.ReadAll(r.Body)
}

// pathOf is a tile's path in C2SP's spelling.
func pathOf(t tlog.Tile) string {
	path := strings.TrimPrefix(t.Path(), "tile/8/")
	if t.L < 0 {
		path = "entries" + strings.TrimPrefix(path, "data")
	}
	return "tile/" + path
}

// tileOf reads a path in C2SP's spelling.
func tileOf(path string) (tlog.Tile, error) {
	rest := strings.TrimPrefix(path, "tile/")
	if strings.HasPrefix(rest, "entries/") {
		rest = "data" + strings.TrimPrefix(rest, "entries")
	}
	return tlog.ParseTilePath("tile/8/" + rest)
}

func (s *servedLog) Height() int { return height }

func (s *servedLog) SaveTiles([]tlog.Tile, [][]byte) {}

// ReadTiles serves tlog.TileHashReader, which checks lengths and hashes.
func (s *servedLog) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	data := make([][]byte, len(tiles))
	for i, t := range tiles {
		d, err := s.tile(t)
		if err != nil {
			return nil, err
		}
		data[i] = d
	}
	return data, nil
}

func (s *servedLog) tile(t tlog.Tile) ([]byte, error) {
	path := pathOf(t)
	s.mu.Lock()
	d, ok := s.tiles[path]
	s.mu.Unlock()
	if ok {
		return d, nil
	}
	d, err := s.get(path)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	s.tiles[path] = d
	s.mu.Unlock()
	return d, nil
}

// bundle reads entries 256 n and on, as many as a log of this size has.
func (s *servedLog) bundle(n, size int64) ([]byte, [][]byte, error) {
	w := size - n<<height
	if w > 1<<height {
		w = 1 << height
	}
	raw, err := s.get(pathOf(tlog.Tile{H: height, L: -1, N: n, W: int(w)}))
	if err != nil {
		return nil, nil, err
	}
	var entries [][]byte
	for rest := raw; len(rest) > 0; {
		if len(rest) < 2 || len(rest) < 2+int(binary.BigEndian.Uint16(rest)) {
			return nil, nil, fmt.Errorf("bundle %d ends inside an entry", n)
		}
		end := 2 + int(binary.BigEndian.Uint16(rest))
		entries = append(entries, rest[2:end])
		rest = rest[end:]
	}
	if int64(len(entries)) != w {
		return nil, nil, fmt.Errorf("bundle %d has %d entries, not %d", n, len(entries), w)
	}
	return raw, entries, nil
}

// openCheckpoint checks the signature of a checkpoint and reads it.
func openCheckpoint(signed []byte, key string) (tlog.Tree, error) {
	v, err := note.NewVerifier(key)
	if err != nil {
		return tlog.Tree{}, err
	}
	n, err := note.Open(signed, note.VerifierList(v))
	if err != nil {
		return tlog.Tree{}, err
	}
	lines := strings.Split(n.Text, "\n")
	if len(lines) != 4 || lines[0] != v.Name() {
		return tlog.Tree{}, fmt.Errorf("not a checkpoint of %s: %q", v.Name(), n.Text)
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil || size < 0 || strconv.FormatInt(size, 10) != lines[1] {
		return tlog.Tree{}, fmt.Errorf("not a size: %q", lines[1])
	}
	hash, err := tlog.ParseHash(lines[2])
	if err != nil {
		return tlog.Tree{}, err
	}
	return tlog.Tree{N: size, Hash: hash}, nil
}
