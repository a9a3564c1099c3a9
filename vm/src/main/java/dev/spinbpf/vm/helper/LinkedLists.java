package dev.spinbpf.vm.helper;

import dev.spinbpf.maps.memory.GuestMemory;
import dev.spinbpf.maps.sync.GuestWords;
import dev.spinbpf.programs.btf.BtfField;

/**
 * {@code bpf_list_head}: doubly linked lists of objects, in guest memory. The program holds the lock of the head.
 *
 * <pre>
 *   head: next(8) previous(8)      node: next(8) previous(8) owner: the head, or 0 (8)
 * </pre>
 *
 * <p>An empty head points to itself; one that was zeroed with its map is empty too.
 */
final class LinkedLists {
    private static final int PREVIOUS = 8;
    private static final int OWNER = 16;

    /** Owner of a node that is being added. */
    private static final long POISON = 0x0dead_beefL;

    private LinkedLists() {}

    static void register(FunctionTable table, EmulatedKernel kernel) {
        for (String suffix : new String[] {"", "_impl"}) {
            table.kfunc("bpf_list_push_front" + suffix, (_, head, node, _, _, _) -> add(kernel, head, node, head));
            table.kfunc("bpf_list_push_back" + suffix, (_, head, node, _, _, _) -> add(kernel, head, node, last(head)));
        }
        table.kfunc("bpf_list_add", (_, head, node, previous, _, _) -> add(kernel, head, node, previous));
        table.kfunc("bpf_list_pop_front", (_, head, _, _, _, _) -> popFront(head));
        table.kfunc("bpf_list_pop_back", (_, head, _, _, _, _) -> remove(head, last(head)));
        table.kfunc("bpf_list_del", (_, head, node, _, _, _) -> remove(head, node));
        table.kfunc("bpf_list_front", (_, head, _, _, _, _) -> isEmpty(head) ? 0 : GuestMemory.getLong(head));
        table.kfunc("bpf_list_back", (_, head, _, _, _, _) -> isEmpty(head) ? 0 : GuestMemory.getLong(head + PREVIOUS));
        table.kfunc(
                "bpf_list_is_first",
                (_, head, node, _, _, _) -> owns(head, node) && GuestMemory.getLong(head) == node ? 1 : 0);
        table.kfunc(
                "bpf_list_is_last",
                (_, head, node, _, _, _) -> owns(head, node) && GuestMemory.getLong(head + PREVIOUS) == node ? 1 : 0);
        table.kfunc("bpf_list_empty", (_, head, _, _, _, _) -> isEmpty(head) ? 1 : 0);
    }

    /** Makes an empty head, or a node that is in no list. */
    static void initialize(long at) {
        GuestMemory.putLong(at, at);
        GuestMemory.putLong(at + PREVIOUS, at);
    }

    private static void begin(long head) {
        if (GuestMemory.getLong(head) == 0) {
            initialize(head);
        }
    }

    /** The last node, or the head where there is none. */
    private static long last(long head) {
        begin(head);
        return GuestMemory.getLong(head + PREVIOUS);
    }

    private static boolean isEmpty(long head) {
        long next = GuestMemory.getLong(head);
        return next == 0 || next == head;
    }

    private static boolean owns(long head, long node) {
        return GuestMemory.getLong(node + OWNER) == head;
    }

    private static long add(EmulatedKernel kernel, long head, long node, long previous) {
        begin(head);
        boolean isThere = previous == head || owns(head, previous);
        if (!isThere || GuestWords.compareAndExchangeLong(node + OWNER, 0, POISON) != 0) {
            return kernel.objects().refuse(node, BtfField.Kind.BPF_LIST_NODE);
        }
        long next = GuestMemory.getLong(previous);
        GuestMemory.putLong(node, next);
        GuestMemory.putLong(node + PREVIOUS, previous);
        GuestMemory.putLong(next + PREVIOUS, node);
        GuestMemory.putLong(previous, node);
        GuestWords.setLongRelease(node + OWNER, head);
        return 0;
    }

    /** Takes the first node out of a list; 0 where it is empty. */
    static long popFront(long head) {
        begin(head);
        return remove(head, GuestMemory.getLong(head));
    }

    private static long remove(long head, long node) {
        if (isEmpty(head) || !owns(head, node)) {
            return 0;
        }
        long next = GuestMemory.getLong(node);
        long previous = GuestMemory.getLong(node + PREVIOUS);
        GuestMemory.putLong(next + PREVIOUS, previous);
        GuestMemory.putLong(previous, next);
        initialize(node);
        GuestWords.setLongRelease(node + OWNER, 0);
        return node;
    }
}
