// Command sumdb judges logs in the C2SP tlog-tiles layout with the packages of Go's checksum database, x/mod/sumdb/note and tlog.
//
// It reads one JSON request a line and writes one JSON answer a line. A request names a log by URL and verifier key; with "only",
// one tile, entry bundle or the checkpoint is judged as it is served, else the whole log.
package main

import (
	"bufio"
	"encoding/json"
	"log"
	"os"
)

type request struct {
	URL string `json:"url"`
	Key string `json:"key"`
	// Path of the one resource to judge; empty for the whole log.
	Only string `json:"only"`
	// Inclusion proofs to make and check, of indices drawn from Seed.
	Proofs int   `json:"proofs"`
	Seed   int64 `json:"seed"`
	// Notes of every checkpoint that was ever seen.
	Checkpoints []string `json:"checkpoints"`
	// Ranges of entries and what their bytes hashed to when they were acknowledged, in order.
	Batches []batch `json:"batches"`
}

type batch struct {
	First int64 `json:"first"`
	Count int64 `json:"count"`
	// SHA-256, hexadecimal, of the entries, each behind its length as a big-endian uint16.
	SHA256 string `json:"sha256"`
}

type answer struct {
	Size int64 `json:"size"`
	// What was checked, by kind.
	Counts map[string]int `json:"counts"`
	// What was wrong, the first of each kind.
	Faults []string `json:"faults"`
}

func main() {
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(nil, 64<<20)
	out := json.NewEncoder(os.Stdout)
	for in.Scan() {
		var r request
		if err := json.Unmarshal(in.Bytes(), &r); err != nil {
			log.Fatal(err)
		}
		j := &judgement{counts: map[string]int{}, faults: map[string]string{}}
		size := j.judge(r)
		if err := out.Encode(answer{size, j.counts, j.list()}); err != nil {
			log.Fatal(err)
		}
	}
	if err := in.Err(); err != nil {
		log.Fatal(err)
	}
}
