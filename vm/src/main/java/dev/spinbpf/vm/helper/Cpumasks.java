package dev.spinbpf.vm.helper;

import dev.spinbpf.maps.cpu.Cpus;
import dev.spinbpf.maps.memory.GuestArena;
import dev.spinbpf.maps.memory.GuestMemory;
import dev.spinbpf.maps.sync.GuestWords;
import dev.spinbpf.vm.exec.Helper;

/**
 * Sets of CPUs. Linux's mask has a bit for each CPU that a kernel may have; the bits of the machine's CPUs, of which
 * there are at most 64, are its first word, and the others stay zero. A number that is no CPU of the machine is ignored.
 *
 * <pre>
 *   bits(1024) references(4)
 * </pre>
 */
final class Cpumasks {
    private static final int BITS = 1024;
    private static final int SIZE = BITS + 8;
    private static final int ALIGNMENT = 64;

    private final GuestArena arena;
    private final int cpus;
    private final long all;

    private Cpumasks(GuestArena arena, Cpus cpus) {
        this.arena = arena;
        this.cpus = cpus.count();
        this.all = cpus.mask();
    }

    static void register(FunctionTable table, EmulatedKernel kernel) {
        Cpumasks masks = new Cpumasks(kernel.arena(), kernel.cpus());
        masks.registerReferences(table);
        masks.registerBits(table);
        masks.registerSets(table);
    }

    private void registerReferences(FunctionTable table) {
        table.kfunc("bpf_cpumask_create", (_, _, _, _, _, _) -> {
            long mask = arena.tryAllocate(SIZE, ALIGNMENT);
            if (mask != 0) {
                GuestMemory.putInt(mask + BITS, 1);
            }
            return mask;
        });
        table.kfunc("bpf_cpumask_acquire", (_, mask, _, _, _, _) -> {
            GuestWords.getAndAddInt(mask + BITS, 1);
            return mask;
        });
        table.kfunc("bpf_cpumask_release", (_, mask, _, _, _, _) -> {
            if (GuestWords.getAndAddInt(mask + BITS, -1) == 1) {
                arena.free(mask, SIZE, ALIGNMENT);
            }
            return 0;
        });
    }

    private void registerBits(FunctionTable table) {
        table.kfunc("bpf_cpumask_first", (_, mask, _, _, _, _) -> first(bits(mask)));
        table.kfunc("bpf_cpumask_first_zero", (_, mask, _, _, _, _) -> first(~bits(mask) & all));
        table.kfunc("bpf_cpumask_first_and", (_, one, other, _, _, _) -> first(bits(one) & bits(other)));
        table.kfunc("bpf_cpumask_any_distribute", (_, mask, _, _, _, _) -> first(bits(mask)));
        table.kfunc("bpf_cpumask_any_and_distribute", (_, one, other, _, _, _) -> first(bits(one) & bits(other)));
        table.kfunc("bpf_cpumask_test_cpu", bit((mask, bit) -> bits(mask) & bit));
        table.kfunc("bpf_cpumask_set_cpu", bit((mask, bit) -> change(mask, bit, true)));
        table.kfunc("bpf_cpumask_clear_cpu", bit((mask, bit) -> change(mask, bit, false)));
        table.kfunc("bpf_cpumask_test_and_set_cpu", bit((mask, bit) -> change(mask, bit, true)));
        table.kfunc("bpf_cpumask_test_and_clear_cpu", bit((mask, bit) -> change(mask, bit, false)));
        table.kfunc("bpf_cpumask_weight", (_, mask, _, _, _, _) -> Long.bitCount(bits(mask)));
    }

    private void registerSets(FunctionTable table) {
        table.kfunc("bpf_cpumask_setall", (_, mask, _, _, _, _) -> set(mask, all));
        table.kfunc("bpf_cpumask_clear", (_, mask, _, _, _, _) -> set(mask, 0));
        table.kfunc("bpf_cpumask_copy", (_, to, from, _, _, _) -> set(to, bits(from)));
        table.kfunc("bpf_cpumask_and", (_, to, one, other, _, _) -> {
            set(to, bits(one) & bits(other));
            return bits(to) == 0 ? 0 : 1;
        });
        table.kfunc("bpf_cpumask_or", (_, to, one, other, _, _) -> set(to, bits(one) | bits(other)));
        table.kfunc("bpf_cpumask_xor", (_, to, one, other, _, _) -> set(to, bits(one) ^ bits(other)));
        table.kfunc("bpf_cpumask_equal", (_, one, other, _, _, _) -> bits(one) == bits(other) ? 1 : 0);
        table.kfunc("bpf_cpumask_intersects", (_, one, other, _, _, _) -> (bits(one) & bits(other)) != 0 ? 1 : 0);
        table.kfunc("bpf_cpumask_subset", (_, one, other, _, _, _) -> (bits(one) & ~bits(other)) == 0 ? 1 : 0);
        table.kfunc("bpf_cpumask_empty", (_, mask, _, _, _, _) -> bits(mask) == 0 ? 1 : 0);
        table.kfunc("bpf_cpumask_full", (_, mask, _, _, _, _) -> bits(mask) == all ? 1 : 0);
    }

    private long bits(long mask) {
        return GuestWords.getLongOpaque(mask) & all;
    }

    private long first(long bits) {
        return bits == 0 ? cpus : Long.numberOfTrailingZeros(bits);
    }

    private static long set(long mask, long bits) {
        GuestWords.setLongOpaque(mask, bits);
        return 0;
    }

    /** Returns the bit as it was, or 0. */
    private static long change(long mask, long bit, boolean on) {
        long old = on ? GuestWords.getAndBitwiseOrLong(mask, bit) : GuestWords.getAndBitwiseAndLong(mask, ~bit);
        return old & bit;
    }

    /** The work on a bit of a mask. */
    @FunctionalInterface
    private interface BitWork {
        long on(long mask, long bit);
    }

    private Helper bit(BitWork work) {
        return (_, cpu, mask, _, _, _) -> {
            boolean isCpu = Integer.compareUnsigned((int) cpu, cpus) < 0;
            return isCpu && work.on(mask, 1L << cpu) != 0 ? 1 : 0;
        };
    }
}
