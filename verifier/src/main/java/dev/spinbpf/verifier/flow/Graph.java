package dev.spinbpf.verifier.flow;

import java.util.Arrays;

/** Orders and loops of the control flow graph. */
public final class Graph {
    private static final int DISCOVERED = 1;
    private static final int EXPLORED = 2;

    private Graph() {}

    /** Fills {@link VerifierEnv#postorder}: the instructions of each function, successors first. */
    public static void computePostorder(VerifierEnv env) {
        int count = env.subprogs().size();
        int[] order = new int[env.length()];
        int[] starts = new int[count + 1];
        int[] state = new int[env.length()];
        int[] stack = new int[env.length() + 1];
        int filled = 0;
        for (int i = 0; i < count; i++) {
            starts[i] = filled;
            int depth = 0;
            stack[depth++] = env.subprog(i).start;
            while (depth > 0) {
                int top = stack[depth - 1];
                state[top] |= DISCOVERED;
                if ((state[top] & EXPLORED) != 0) {
                    order[filled++] = top;
                    depth--;
                    continue;
                }
                for (int successor : Successors.of(env, top)) {
                    if (state[successor] == 0) {
                        stack[depth++] = successor;
                        state[successor] |= DISCOVERED;
                    }
                }
                state[top] |= EXPLORED;
            }
        }
        starts[count] = filled;
        env.postorder = Arrays.copyOf(order, filled);
        env.postorderStart = starts;
    }

    /** Fills {@code scc} of the instructions: which loop each belongs to. Tarjan's algorithm without recursion. */
    public static void computeComponents(VerifierEnv env) {
        new Components(env).compute();
    }

    private static final class Components {
        private static final int NOT_ON_STACK = Integer.MAX_VALUE;

        private final VerifierEnv env;
        private final int[] pre;
        private final int[] low;
        private final int[] stack;
        private final int[] walk;
        private int stackSize;
        private int walkSize;
        private int nextPre = 1;
        private int nextComponent = 1;

        Components(VerifierEnv env) {
            this.env = env;
            pre = new int[env.length()];
            low = new int[env.length()];
            stack = new int[env.length()];
            walk = new int[env.length() + 1];
        }

        void compute() {
            for (int i = 0; i < pre.length; i++) {
                if (pre[i] == 0) {
                    walkSize = 0;
                    walk[walkSize++] = i;
                    while (walkSize > 0) {
                        step(walk[walkSize - 1]);
                    }
                }
            }
            env.sccCount = nextComponent;
        }

        private void step(int at) {
            if (pre[at] == 0) {
                low[at] = nextPre;
                pre[at] = nextPre;
                nextPre++;
                stack[stackSize++] = at;
            }
            int[] successors = Successors.of(env, at);
            for (int successor : successors) {
                if (pre[successor] == 0) {
                    walk[walkSize++] = successor;
                    return;
                }
                low[at] = Math.min(low[at], low[successor]);
            }
            walkSize--;
            if (low[at] == pre[at]) {
                pop(at, successors);
            }
        }

        private void pop(int root, int[] successors) {
            boolean isLoop = stack[stackSize - 1] != root || env.aux(root).callsCallback;
            for (int successor : successors) {
                isLoop |= successor == root;
            }
            int member;
            do {
                member = stack[--stackSize];
                low[member] = NOT_ON_STACK;
                if (isLoop) {
                    env.aux(member).scc = nextComponent;
                }
            } while (member != root);
            if (isLoop) {
                nextComponent++;
            }
        }
    }
}
