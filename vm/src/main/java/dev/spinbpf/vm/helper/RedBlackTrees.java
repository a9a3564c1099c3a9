package dev.spinbpf.vm.helper;

import dev.spinbpf.maps.memory.GuestMemory;
import dev.spinbpf.maps.sync.GuestWords;
import dev.spinbpf.programs.btf.BtfField;
import dev.spinbpf.vm.exec.Execution;

/**
 * {@code bpf_rb_root}: red-black trees of objects, in guest memory. The program holds the lock of the root.
 *
 * <pre>
 *   root: top(8) leftmost(8)      node: parent, bit 0 set in black nodes(8) right(8) left(8) owner: the root, or 0 (8)
 * </pre>
 *
 * <p>Insertion and removal are those of Cormen, Leiserson, Rivest and Stein; programs see the shape of the tree, and it
 * is the one that Linux's trees have.
 */
final class RedBlackTrees {
    private static final int LEFTMOST = 8;
    private static final int RIGHT = 8;
    private static final int LEFT = 16;
    private static final int OWNER = 24;
    private static final long BLACK = 1;

    /** Owner of a node that is being added. */
    private static final long POISON = 0x0dead_beefL;

    private RedBlackTrees() {}

    static void register(FunctionTable table, EmulatedKernel kernel) {
        for (String suffix : new String[] {"", "_impl"}) {
            table.kfunc("bpf_rbtree_add" + suffix, (run, root, node, less, _, _) -> add(kernel, run, root, node, less));
        }
        table.kfunc("bpf_rbtree_remove", (_, root, node, _, _, _) -> remove(root, node));
        table.kfunc("bpf_rbtree_first", (_, root, _, _, _, _) -> first(root));
        table.kfunc("bpf_rbtree_root", (_, root, _, _, _, _) -> GuestMemory.getLong(root));
        table.kfunc("bpf_rbtree_left", (_, root, node, _, _, _) -> owns(root, node) ? child(node, LEFT) : 0);
        table.kfunc("bpf_rbtree_right", (_, root, node, _, _, _) -> owns(root, node) ? child(node, RIGHT) : 0);
    }

    /** Makes a node that is in no tree. */
    static void clear(long node) {
        GuestMemory.putLong(node, node);
    }

    /** The least node; 0 where the tree is empty. */
    static long first(long root) {
        return GuestMemory.getLong(root + LEFTMOST);
    }

    private static boolean owns(long root, long node) {
        return GuestMemory.getLong(node + OWNER) == root;
    }

    private static long add(EmulatedKernel kernel, Execution run, long root, long node, long less) {
        if (GuestWords.compareAndExchangeLong(node + OWNER, 0, POISON) != 0) {
            return kernel.objects().refuse(node, BtfField.Kind.BPF_RB_NODE);
        }
        long parent = 0;
        int side = LEFT;
        boolean leftmost = true;
        for (long at = GuestMemory.getLong(root); at != 0; at = child(at, side)) {
            parent = at;
            side = run.callback(less, node, parent, 0, 0) != 0 ? LEFT : RIGHT;
            leftmost &= side == LEFT;
        }
        GuestMemory.putLong(node, parent);
        GuestMemory.putLong(node + RIGHT, 0);
        GuestMemory.putLong(node + LEFT, 0);
        GuestMemory.putLong(parent == 0 ? root : parent + side, node);
        if (leftmost) {
            GuestMemory.putLong(root + LEFTMOST, node);
        }
        balanceInsertion(root, node);
        GuestWords.setLongRelease(node + OWNER, root);
        return 0;
    }

    /** Takes a node out of the tree; 0 where it is not in it. */
    static long remove(long root, long node) {
        if (!owns(root, node)) {
            return 0;
        }
        if (first(root) == node) {
            GuestMemory.putLong(root + LEFTMOST, next(node));
        }
        erase(root, node);
        clear(node);
        GuestWords.setLongRelease(node + OWNER, 0);
        return node;
    }

    /** Returns the node after the least one: the least to its right, else its parent. */
    private static long next(long node) {
        return child(node, RIGHT) != 0 ? least(child(node, RIGHT)) : parent(node);
    }

    private static long least(long node) {
        long at = node;
        while (child(at, LEFT) != 0) {
            at = child(at, LEFT);
        }
        return at;
    }

    private static long child(long node, int side) {
        return GuestMemory.getLong(node + side);
    }

    private static int other(int side) {
        return LEFT + RIGHT - side;
    }

    private static long parent(long node) {
        return GuestMemory.getLong(node) & ~BLACK;
    }

    /** Returns true where a node is black; what is not there is. */
    private static boolean isBlack(long node) {
        return node == 0 || (GuestMemory.getLong(node) & BLACK) != 0;
    }

    private static void color(long node, boolean black) {
        GuestMemory.putLong(node, parent(node) | (black ? BLACK : 0));
    }

    private static void setParent(long node, long parent) {
        GuestMemory.putLong(node, parent | GuestMemory.getLong(node) & BLACK);
    }

    /** Puts a node, or none, where another is. */
    private static void replace(long root, long old, long replacement) {
        long parent = parent(old);
        if (parent == 0) {
            GuestMemory.putLong(root, replacement);
        } else {
            GuestMemory.putLong(parent + (child(parent, LEFT) == old ? LEFT : RIGHT), replacement);
        }
        if (replacement != 0) {
            setParent(replacement, parent);
        }
    }

    /** Moves a node down to a side; its child on the other side takes its place. */
    private static void rotate(long root, long node, int side) {
        long riser = child(node, other(side));
        long inner = child(riser, side);
        GuestMemory.putLong(node + other(side), inner);
        if (inner != 0) {
            setParent(inner, node);
        }
        replace(root, node, riser);
        GuestMemory.putLong(riser + side, node);
        setParent(node, riser);
    }

    private static void balanceInsertion(long root, long added) {
        long node = added;
        while (!isBlack(parent(node))) {
            long parent = parent(node);
            long grandparent = parent(parent);
            int side = child(grandparent, LEFT) == parent ? LEFT : RIGHT;
            long uncle = child(grandparent, other(side));
            if (!isBlack(uncle)) {
                color(parent, true);
                color(uncle, true);
                color(grandparent, false);
                node = grandparent;
                continue;
            }
            if (child(parent, other(side)) == node) {
                rotate(root, parent, side);
                parent = node;
            }
            color(parent, true);
            color(grandparent, false);
            rotate(root, grandparent, other(side));
            break;
        }
        color(GuestMemory.getLong(root), true);
    }

    private static void erase(long root, long node) {
        long left = child(node, LEFT);
        long right = child(node, RIGHT);
        boolean blackLost = isBlack(node);
        long riser;
        long riserParent;
        if (left == 0 || right == 0) {
            riser = left == 0 ? right : left;
            riserParent = parent(node);
            replace(root, node, riser);
        } else {
            long successor = least(right);
            blackLost = isBlack(successor);
            riser = child(successor, RIGHT);
            riserParent = successor;
            if (parent(successor) != node) {
                riserParent = parent(successor);
                replace(root, successor, riser);
                GuestMemory.putLong(successor + RIGHT, right);
                setParent(right, successor);
            }
            replace(root, node, successor);
            GuestMemory.putLong(successor + LEFT, left);
            setParent(left, successor);
            color(successor, isBlack(node));
        }
        if (blackLost) {
            balanceRemoval(root, riser, riserParent);
        }
    }

    /** Makes up for a black node that is missing on all ways through {@code riser}, which may be no node. */
    private static void balanceRemoval(long root, long riser, long riserParent) {
        long node = riser;
        long parent = riserParent;
        while (parent != 0 && isBlack(node)) {
            int side = child(parent, LEFT) == node ? LEFT : RIGHT;
            long sibling = child(parent, other(side));
            if (!isBlack(sibling)) {
                color(sibling, true);
                color(parent, false);
                rotate(root, parent, side);
                sibling = child(parent, other(side));
            }
            if (isBlack(child(sibling, LEFT)) && isBlack(child(sibling, RIGHT))) {
                color(sibling, false);
                node = parent;
                parent = parent(node);
                continue;
            }
            if (isBlack(child(sibling, other(side)))) {
                color(child(sibling, side), true);
                color(sibling, false);
                rotate(root, sibling, other(side));
                sibling = child(parent, other(side));
            }
            color(sibling, isBlack(parent));
            color(parent, true);
            color(child(sibling, other(side)), true);
            rotate(root, parent, side);
            node = GuestMemory.getLong(root);
            break;
        }
        if (node != 0) {
            color(node, true);
        }
    }
}
