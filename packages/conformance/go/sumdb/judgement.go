package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"math/rand"
	"sort"

	"golang.org/x/mod/sumdb/tlog"
)

// Bundles that are asked for ahead.
const ahead = 8

// judgement counts what was checked and keeps the first fault of each kind.
type judgement struct {
	counts map[string]int
	faults map[string]string
}

func (j *judgement) check(kind string, err error) {
	j.counts[kind]++
	if err != nil && j.faults[kind] == "" {
		j.faults[kind] = err.Error()
	}
}

func (j *judgement) list() []string {
	all := []string{}
	for kind, fault := range j.faults {
		all = append(all, kind+": "+fault)
	}
	sort.Strings(all)
	return all
}

// judge returns the size of the log.
func (j *judgement) judge(r request) int64 {
	served := newServedLog(r.URL)
	signed, err := served.get("checkpoint")
	var tree tlog.Tree
	if err == nil {
		tree, err = openCheckpoint(signed, r.Key)
	}
	j.check("checkpoint", err)
	if err != nil {
		return 0
	}
	tiles := tlog.TileHashReader(tree, served)
	if r.Only != "" {
		j.check("resource", judgeResource(r.Only, served, tree, tiles))
		return tree.N
	}
	computed := j.readEntries(served, tree, r.Batches)
	if computed == nil {
		return tree.N
	}
	root, err := tlog.TreeHash(tree.N, computed)
	j.check("root", same(root, tree.Hash, err))
	for _, t := range tlog.NewTiles(height, 0, tree.N) {
		j.check("tile", judgeTile(t, served, computed))
	}
	random := rand.New(rand.NewSource(r.Seed))
	for i := 0; i < r.Proofs && tree.N > 0; i++ {
		j.check("inclusion", judgeInclusion(random.Int63n(tree.N), tree, tiles, computed))
	}
	j.judgeCheckpoints(r, tree, tiles, computed)
	return tree.N
}

// judgeResource compares one resource, as it is served, with what the signed root says it must be.
func judgeResource(path string, served *servedLog, tree tlog.Tree, tiles tlog.HashReader) error {
	if path == "checkpoint" {
		return nil
	}
	t, err := tileOf(path)
	if err != nil {
		return err
	}
	if t.L >= 0 {
		// The reader fetches the whole tile and proves it before it gives this hash away.
		_, err := tiles.ReadHashes([]int64{tlog.StoredHashIndex(t.L*height, t.N<<height)})
		return err
	}
	_, entries, err := served.bundle(t.N, tree.N)
	if err != nil {
		return err
	}
	indexes := make([]int64, len(entries))
	for i := range entries {
		indexes[i] = tlog.StoredHashIndex(0, t.N<<height+int64(i))
	}
	hashes, err := tiles.ReadHashes(indexes)
	if err != nil {
		return err
	}
	for i, entry := range entries {
		if tlog.RecordHash(entry) != hashes[i] {
			return fmt.Errorf("entry %d is not the one that was hashed", t.N<<height+int64(i))
		}
	}
	return nil
}

// readEntries reads all entries and returns the hashes of the tree over them, made from their bytes alone.
func (j *judgement) readEntries(served *servedLog, tree tlog.Tree, batches []batch) storage {
	type bundle struct {
		raw     []byte
		entries [][]byte
		err     error
	}
	queue := make(chan chan bundle, ahead)
	go func() {
		defer close(queue)
		for n := int64(0); n<<height < tree.N; n++ {
			got := make(chan bundle, 1)
			queue <- got
			go func(n int64) {
				raw, entries, err := served.bundle(n, tree.N)
				got <- bundle{raw, entries, err}
			}(n)
		}
	}()
	hashes := make(storage, 0, tlog.StoredHashCount(tree.N))
	acknowledged := &acknowledgements{batches: batches, j: j}
	index := int64(0)
	for got := range queue {
		b := <-got
		j.check("bundle", b.err)
		if b.err != nil {
			return nil
		}
		for _, entry := range b.entries {
			more, err := tlog.StoredHashes(index, entry, hashes)
			j.check("entry", err)
			hashes = append(hashes, more...)
			acknowledged.add(index, b.raw[:2+len(entry)])
			b.raw = b.raw[2+len(entry):]
			index++
		}
	}
	acknowledged.end()
	return hashes
}

// acknowledgements compares entries, as they go by, with what was acknowledged.
type acknowledgements struct {
	batches []batch
	digest  hash.Hash
	j       *judgement
}

func (a *acknowledgements) add(index int64, encoded []byte) {
	if len(a.batches) == 0 || index < a.batches[0].First {
		return
	}
	b := a.batches[0]
	if index == b.First {
		a.digest = sha256.New()
	}
	a.digest.Write(encoded)
	if index < b.First+b.Count-1 {
		return
	}
	var err error
	if found := hex.EncodeToString(a.digest.Sum(nil)); found != b.SHA256 {
		err = fmt.Errorf("%d entries from %d on are not those that were acknowledged", b.Count, b.First)
	}
	a.j.check("acknowledged batch", err)
	a.j.counts["acknowledged entry"] += int(b.Count)
	a.batches = a.batches[1:]
}

func (a *acknowledgements) end() {
	for _, b := range a.batches {
		a.j.check("acknowledged batch", fmt.Errorf("entries from %d on are missing", b.First))
	}
}

func judgeTile(t tlog.Tile, served *servedLog, computed storage) error {
	found, err := served.tile(t)
	if err != nil {
		return err
	}
	expected, err := tlog.ReadTileData(t, computed)
	if err == nil && !bytes.Equal(found, expected) {
		err = fmt.Errorf("%s is not the tile over the entries", pathOf(t))
	}
	return err
}

func judgeInclusion(index int64, tree tlog.Tree, tiles tlog.HashReader, computed storage) error {
	proof, err := tlog.ProveRecord(tree.N, index, tiles)
	if err != nil {
		return err
	}
	return tlog.CheckRecord(proof, tree.N, tree.Hash, index, computed[tlog.StoredHashIndex(0, index)])
}

// judgeCheckpoints compares every checkpoint with the tree over the entries, and proves from the served tiles that the last tree
// continues it, and from the entries that each continues each before it.
func (j *judgement) judgeCheckpoints(r request, tree tlog.Tree, tiles tlog.HashReader, computed storage) {
	var seen []tlog.Tree
	for _, signed := range r.Checkpoints {
		t, err := openCheckpoint([]byte(signed), r.Key)
		if err == nil && t.N > tree.N {
			err = fmt.Errorf("%d entries were signed, %d are there", t.N, tree.N)
		}
		j.check("checkpoint", err)
		if err != nil {
			continue
		}
		root, err := tlog.TreeHash(t.N, computed)
		j.check("root", same(root, t.Hash, err))
		if t.N == 0 {
			continue
		}
		j.check("consistency with the last", judgeConsistency(t, tree, tiles))
		for _, before := range seen {
			if before.N > t.N {
				j.check("consistency of two", judgeConsistency(t, before, computed))
			} else {
				j.check("consistency of two", judgeConsistency(before, t, computed))
			}
		}
		seen = append(seen, t)
	}
}

func judgeConsistency(old, new tlog.Tree, hashes tlog.HashReader) error {
	proof, err := tlog.ProveTree(new.N, old.N, hashes)
	if err != nil {
		return err
	}
	return tlog.CheckTree(proof, new.N, new.Hash, old.N, old.Hash)
}

func same(found, expected tlog.Hash, err error) error {
	if err == nil && found != expected {
		err = fmt.Errorf("%v over the entries, %v in the checkpoint", found, expected)
	}
	return err
}

// storage holds the hashes of a tree as sumdb numbers them.
type storage []tlog.Hash

func (s storage) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	hashes := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		if index >= int64(len(s)) {
			return nil, fmt.Errorf("no hash %d", index)
		}
		hashes[i] = s[index]
	}
	return hashes, nil
}
