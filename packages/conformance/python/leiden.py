"""Partitions by leidenalg. Reads {nodes, qualities, graphs}, writes [[{membership, quality}]] by graph and quality."""

import json
import sys

import igraph
import leidenalg

asked = json.load(sys.stdin)
answers = []
for edges in asked["graphs"]:
    graph = igraph.Graph(n=asked["nodes"], edges=list(zip(edges["sources"], edges["targets"])))
    graph.es["weight"] = edges["weights"]
    row = []
    for quality in asked["qualities"]:
        if quality["kind"] == "modularity":
            part = leidenalg.find_partition(graph, leidenalg.ModularityVertexPartition, weights="weight", n_iterations=3, seed=1)
            value = graph.modularity(part.membership, weights="weight")
        else:
            part = leidenalg.find_partition(
                graph, leidenalg.CPMVertexPartition, weights="weight", n_iterations=3, seed=1, resolution_parameter=quality["resolution"]
            )
            # quality() counts both directions of an undirected edge.
            value = part.quality() / 2
        row.append({"membership": part.membership, "quality": value})
    answers.append(row)
json.dump(answers, sys.stdout)
