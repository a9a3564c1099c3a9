package dev.spinbpf.verifier.flow;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class CfgTest {
    private static Cfg graph(int[]... edges) {
        return new Cfg(edges.length, node -> edges[node]);
    }

    private static int[] to(int... targets) {
        return targets;
    }

    /** Everything that a walk from a node reports, in order. */
    private static List<String> events(Cfg cfg, int root) {
        var events = new ArrayList<String>();
        cfg.walk(new Cfg.Visitor() {
                    @Override
                    public void enter(int node) {
                        events.add("enter " + node);
                    }

                    @Override
                    public void edge(int from, int index, int to, Cfg.EdgeKind kind) {
                        events.add("%d.%d->%d %s".formatted(from, index, to, kind));
                    }

                    @Override
                    public void leave(int node) {
                        events.add("leave " + node);
                    }
                })
                .from(root);
        return events;
    }

    @Test
    void shouldTakeEdgesInOrderAndReportTreeEdgesAfterTheirTarget() {
        Cfg diamond = graph(to(1, 2), to(3), to(3), to());
        assertThat(events(diamond, 0))
                .containsExactly(
                        "enter 0",
                        "enter 1",
                        "enter 3",
                        "leave 3",
                        "1.0->3 TREE",
                        "leave 1",
                        "0.0->1 TREE",
                        "enter 2",
                        "2.0->3 CROSS",
                        "leave 2",
                        "0.1->2 TREE",
                        "leave 0");
    }

    @Test
    void shouldTellBackEdgesFromOthers() {
        Cfg loop = graph(to(1), to(2, 1), to(0, 3), to());
        assertThat(events(loop, 0)).contains("1.1->1 BACK", "2.0->0 BACK", "2.1->3 TREE");
    }

    @Test
    void shouldTakeEdgesOfANodeWithManySuccessorsEitherWay() {
        Cfg star = graph(to(3, 1, 2), to(), to(), to());
        assertThat(postorder(star, false)).containsExactly(3, 1, 2, 0);
        assertThat(postorder(star, true)).containsExactly(2, 1, 3, 0);
    }

    @Test
    void shouldAskForEdgesOfReachedNodesOnly() {
        Cfg cfg = new Cfg(3, node -> {
            if (node == 2) {
                throw new AssertionError("nothing leads here");
            }
            return node == 0 ? to(1) : to();
        });
        Cfg.Walk walk = cfg.walk(new Cfg.Visitor() {});
        walk.from(0);
        assertThat(IntStream.range(0, 3).filter(walk::hasVisited)).containsExactly(0, 1);
    }

    @Test
    void shouldNumberLoopsInTheOrderInWhichTheyAreComplete() {
        Cfg cfg = graph(to(1), to(2, 4), to(3), to(2), to(1, 5), to(5, 6), to());
        assertThat(LoopComponents.of(cfg, node -> false)).containsExactly(0, 3, 1, 1, 3, 2, 0);
    }

    @Test
    void shouldCountASingleNodeAsALoopWhereTheCallerSaysSo() {
        Cfg line = graph(to(1), to(2), to());
        assertThat(LoopComponents.of(line, node -> false)).containsExactly(0, 0, 0);
        assertThat(LoopComponents.of(line, node -> node == 1)).containsExactly(0, 1, 0);
    }

    private static List<Integer> postorder(Cfg cfg, boolean lastEdgeFirst) {
        var order = new ArrayList<Integer>();
        Cfg.Visitor visitor = new Cfg.Visitor() {
            @Override
            public void leave(int node) {
                order.add(node);
            }
        };
        (lastEdgeFirst ? cfg.walkLastEdgeFirst(visitor) : cfg.walk(visitor)).from(0);
        return order;
    }

    private static int[][] randomEdges(SplittableRandom random) {
        int nodes = random.nextInt(1, 14);
        int[][] edges = new int[nodes][];
        for (int i = 0; i < nodes; i++) {
            edges[i] = random.ints(random.nextInt(4), 0, nodes).toArray();
        }
        return edges;
    }

    private static void naivePostorder(int[][] edges, int node, boolean[] seen, List<Integer> order) {
        seen[node] = true;
        for (int to : edges[node]) {
            if (!seen[to]) {
                naivePostorder(edges, to, seen, order);
            }
        }
        order.add(node);
    }

    /** For each pair of nodes whether a path of at least one edge leads from the first to the second. */
    private static boolean[][] reach(int[][] edges) {
        boolean[][] reach = new boolean[edges.length][edges.length];
        for (int i = 0; i < edges.length; i++) {
            for (int to : edges[i]) {
                reach[i][to] = true;
            }
        }
        for (int via = 0; via < edges.length; via++) {
            for (boolean[] row : reach) {
                for (int to = 0; row[via] && to < edges.length; to++) {
                    row[to] |= reach[via][to];
                }
            }
        }
        return reach;
    }

    @Test
    void shouldAgreeWithNaiveSearchesOnRandomGraphs() {
        for (int seed = 0; seed < 20_000; seed++) {
            int[][] edges = randomEdges(new SplittableRandom(seed));
            String graph = "seed " + seed + " " + Arrays.deepToString(edges);
            Cfg cfg = graph(edges);
            var expected = new ArrayList<Integer>();
            naivePostorder(edges, 0, new boolean[edges.length], expected);
            assertThat(postorder(cfg, false)).as(graph).isEqualTo(expected);

            boolean[][] reach = reach(edges);
            int[] components = LoopComponents.of(cfg, node -> false);
            for (int a = 0; a < edges.length; a++) {
                assertThat(components[a] != 0).as(graph).isEqualTo(reach[a][a]);
                for (int b = 0; b < edges.length; b++) {
                    boolean together = components[a] != 0 && components[a] == components[b];
                    assertThat(together).as(graph).isEqualTo(reach[a][b] && reach[b][a]);
                }
            }
            boolean cycleReached = expected.stream().anyMatch(node -> reach[node][node]);
            boolean backEdge = events(cfg, 0).stream().anyMatch(event -> event.endsWith("BACK"));
            assertThat(backEdge).as(graph).isEqualTo(cycleReached);
        }
    }
}
