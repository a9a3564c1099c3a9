package dev.spinbpf.vm.explore;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Random small objects as text: programs of different levels that load, store and add to the same few variables, some of
 * it under locks.
 */
final class SmallPrograms {
    private static final List<List<String>> SECTIONS = List.of(
            List.of("syscall"),
            List.of("syscall", "syscall"),
            List.of("syscall", "tc"),
            List.of("syscall", "perf_event"),
            List.of("syscall", "tc", "perf_event"));
    private static final String HEAD = """
            .license "GPL"
            .kfunc bpf_res_spin_lock
            .kfunc bpf_res_spin_unlock
            .kfunc bpf_res_spin_lock_irqsave
            .kfunc bpf_res_spin_unlock_irqrestore
            .section .bss
                var x : u64
                var y : u64
                var failures : u64
                var own : u64
            .section .data.one
                flags 0
                var one : bpf_res_spin_lock
            .section .data.two
                flags 0
                var two : bpf_res_spin_lock
            """;

    private final SplittableRandom random;
    private final StringBuilder text = new StringBuilder(HEAD);
    private int labels;
    private int locksLeft = 2;

    private SmallPrograms(long seed) {
        random = new SplittableRandom(seed);
    }

    /** Returns the text of an object. */
    static String of(long seed) {
        return new SmallPrograms(seed).object();
    }

    /** Returns the text of an object whose programs only load and store, one after the other, and tell what they saw. */
    static String ofAccesses(long seed) {
        return new SmallPrograms(seed).accesses();
    }

    private String accesses() {
        for (int i = 0; i < 2; i++) {
            add(".program p" + i + " \"syscall\"\nr7 = 0\nr9 = " + (i + 1));
            for (int step = 0; step < 4; step++) {
                add("r6 = &" + (random.nextBoolean() ? "x" : "y"));
                add(
                        random.nextBoolean()
                                ? "*(u64 *)(r6 +0) = r9\nr9 += 2"
                                : "r8 = *(u64 *)(r6 +0)\nr7 *= 16\nr7 += r8");
            }
            add("r7 *= " + (i == 0 ? 1 : 1 << 20));
            add("r6 = &failures\nlock *(u64 *)(r6 +0) += r7\nr0 = 0\nexit");
        }
        return text.toString();
    }

    private String object() {
        List<String> sections = SECTIONS.get(random.nextInt(SECTIONS.size()));
        for (int i = 0; i < sections.size(); i++) {
            String section = sections.get(i);
            add(".program p" + i + " \"" + section + "\"");
            add("r7 = 0");
            int steps = 1 + random.nextInt(2);
            for (int step = 0; step < steps; step++) {
                if (locksLeft > 0 && !section.equals("perf_event") && random.nextInt(4) == 0) {
                    locksLeft--;
                    locked(random.nextBoolean() ? "one" : "two", random.nextBoolean());
                } else {
                    access();
                }
            }
            add("r0 = 0");
            add("exit");
        }
        return text.toString();
    }

    private void add(String line) {
        text.append(line).append('\n');
    }

    private void locked(String lock, boolean masks) {
        String out = "out" + labels++;
        String done = "done" + labels++;
        String arguments = masks ? "r2 = r10\nr2 += -8\n" : "";
        add("r1 = &" + lock + "\n" + arguments + "call bpf_res_spin_lock" + (masks ? "_irqsave" : ""));
        add("if r0 != 0 goto " + out);
        access();
        add("r1 = &" + lock + "\n" + arguments + "call bpf_res_spin_unlock" + (masks ? "_irqrestore" : ""));
        add("goto " + done);
        add(out + ":\nr1 = &failures\nr2 = 1\nlock *(u64 *)(r1 +0) += r2\n" + done + ":");
    }

    private void access() {
        List<String> lines = new ArrayList<>();
        lines.add("r6 = &" + (random.nextInt(3) == 0 ? "y" : "x"));
        int number = 1 + random.nextInt(3);
        // What a program has for itself, an interrupt need not see; but it may land there.
        if (random.nextInt(8) == 0) {
            add("r6 = &own\n*(u64 *)(r6 +0) = 1");
            return;
        }
        switch (random.nextInt(8)) {
            case 0 -> lines.add("*(u64 *)(r6 +0) = " + number);
            case 1 -> lines.add("r8 = *(u64 *)(r6 +0)\nr7 += r8");
            case 2 -> lines.add("*(u64 *)(r6 +0) = r7");
            case 3, 4 -> lines.add("r8 = *(u64 *)(r6 +0)\nr8 += " + number + "\n*(u64 *)(r6 +0) = r8");
            case 5 -> lines.add("r8 = " + number + "\nlock *(u64 *)(r6 +0) += r8");
            case 6 -> lines.add("r8 = " + number + "\nr8 = atomic64_fetch_add((u64 *)(r6 +0), r8)\nr7 += r8");
            default -> lines.add("*(u32 *)(r6 +4) = " + number);
        }
        lines.forEach(this::add);
    }
}
