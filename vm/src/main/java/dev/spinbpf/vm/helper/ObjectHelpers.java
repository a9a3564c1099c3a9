package dev.spinbpf.vm.helper;

import static dev.spinbpf.programs.model.Errno.E2BIG;
import static dev.spinbpf.programs.model.Errno.EINVAL;

import dev.spinbpf.maps.memory.GuestMemory;
import dev.spinbpf.maps.sync.GuestWords;

/** Number iterators, and pointers kept in maps. */
final class ObjectHelpers {
    private static final long MAX_LOOPS = 8 << 20;

    private ObjectHelpers() {}

    static void register(FunctionTable table) {
        table.kfunc("bpf_iter_num_new", (_, iterator, start, end, _, _) -> newRange(iterator, (int) start, (int) end));
        table.kfunc("bpf_iter_num_next", (_, iterator, _, _, _, _) -> next(iterator));
        table.kfunc("bpf_iter_num_destroy", (_, iterator, _, _, _, _) -> {
            GuestMemory.putLong(iterator, 0);
            return 0;
        });
        table.helper("bpf_kptr_xchg", (_, slot, value, _, _, _) -> GuestWords.getAndSetLong(slot, value));
    }

    /** The iterator is the current number, just before the first one at the start, and the end. */
    private static long newRange(long iterator, int start, int end) {
        boolean valid = start <= end;
        boolean small = (long) end - start <= MAX_LOOPS;
        GuestMemory.putInt(iterator, valid && small ? start - 1 : 0);
        GuestMemory.putInt(iterator + 4, valid && small ? end : 0);
        return !valid ? -EINVAL : small ? 0 : -E2BIG;
    }

    private static long next(long iterator) {
        int current = GuestMemory.getInt(iterator);
        int end = GuestMemory.getInt(iterator + 4);
        if (current + 1L >= end) {
            GuestMemory.putLong(iterator, 0);
            return 0;
        }
        GuestMemory.putInt(iterator, current + 1);
        return iterator;
    }
}
