package dev.spinbpf.vm;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spinbpf.maps.memory.GuestMemory;
import dev.spinbpf.programs.linux.Errno;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A program on an internal hook runs inside the operation. */
@Timeout(600)
class InternalHooksTest {
    private static final int LOCKED_AND_PENDING = 0x101;

    private static final String UPDATE = """
                *(u32 *)(r10 -8) = 32
                *(u32 *)(r10 -4) = 1
                *(u64 *)(r10 -16) = 7
                r1 = map[table]
                r2 = r10
                r2 += -8
                r3 = r10
                r3 += -16
                r4 = 0
                call bpf_map_update_elem
            """;

    private static final String SOURCE = """
            .license "GPL"
            .map table %s
                key 8
                value 8
                max_entries 8
                flags %d
            .section .bss
                var result : u64
                var runs : u64
            .program tracer "fentry/%s"
            """ + UPDATE + """
                r1 = &result
                *(u64 *)(r1 +0) = r0
                r1 = &runs
                r2 = *(u64 *)(r1 +0)
                r2 += 1
                *(u64 *)(r1 +0) = r2
                r0 = 0
                exit
            .program update "syscall"
            """ + UPDATE + """
                exit
            .program delete "syscall"
                *(u32 *)(r10 -8) = 32
                *(u32 *)(r10 -4) = 1
                r1 = map[table]
                r2 = r10
                r2 += -8
                call bpf_map_delete_elem
                exit
            """;

    /** The tracer's own update of the same key: it succeeds where the bucket's lock is free, and meets AA under it. */
    @ParameterizedTest
    @CsvSource({
        "hash, 0, htab_map_update_elem, update, 0",
        "hash, 0, lookup_elem_raw, update, -35",
        "hash, 0, alloc_htab_elem, update, -35",
        "hash, 0, __pcpu_freelist_pop, update, -35",
        "hash, 0, htab_map_delete_elem, delete, 0",
        "hash, 0, lookup_elem_raw, delete, -35",
        "hash, 0, free_htab_elem, delete, 0",
        "hash, 0, __pcpu_freelist_push, delete, 0",
        "hash, 1, lookup_elem_raw, update, -35",
        "hash, 1, free_htab_elem, delete, 0",
        "lru_hash, 0, htab_lru_map_update_elem, update, 0",
        "lru_hash, 0, lookup_elem_raw, update, -35",
        "lru_hash, 0, htab_lru_map_delete_elem, delete, 0",
        "lpm_trie, 1, trie_update_elem, update, 0",
        "lpm_trie, 1, trie_delete_elem, delete, 0"
    })
    void shouldRunBeforeUnderAndAfterTheLockOfAMap(
            String type, int flags, String function, String operation, int expected) throws Exception {
        String text = SOURCE.formatted(type, flags, function);
        try (TextPrograms programs = new TextPrograms(MachineOptions.ofCpus(1), text)) {
            if (operation.equals("delete")) {
                programs.machine.run(programs.program("update"), null, 0, 1);
            }
            programs.attach("tracer");
            RunResult result = programs.machine.run(programs.program(operation), null, 0, 1);
            assertThat(result.fault()).isNull();
            assertThat((int) result.r0()).isZero();
            assertThat(programs.variable("runs")).isEqualTo(1);
            assertThat(programs.variable("result")).isEqualTo(expected);
            assertThat(programs.machine.cpus().get(0).heldLocks().count()).isZero();
        }
    }

    @Test
    void shouldRunAtTheBeginningAndAtTheEndOfContention() throws Exception {
        String tracer = """
                .program %1$s "tp_btf/contention_%1$s"
                    r1 = &lock
                    call bpf_res_spin_lock
                    r1 = &%1$s_result
                    *(u64 *)(r1 +0) = r0
                    if r0 != 0 goto out
                    r1 = &lock
                    call bpf_res_spin_unlock
                out:
                    r0 = 0
                    exit
                """;
        String text = """
                .license "GPL"
                .kfunc bpf_res_spin_lock
                .kfunc bpf_res_spin_unlock
                .section .data.lock
                    var lock : bpf_res_spin_lock
                .section .bss
                    var begin_result : u64
                    var end_result : u64
                .program worker "syscall"
                    r1 = &lock
                    call bpf_res_spin_lock
                    if r0 != 0 goto failed
                    r1 = &lock
                    call bpf_res_spin_unlock
                    r0 = 0
                failed:
                    exit
                """ + tracer.formatted("begin") + tracer.formatted("end");
        try (TextPrograms programs = new TextPrograms(MachineOptions.ofCpus(1).withClock(Patience.SLOW_CLOCK), text)) {
            programs.attach("begin");
            programs.attach("end");
            long lock = programs.address("lock");
            long beginResult = programs.address("begin_result");
            GuestMemory.putInt(lock, LOCKED_AND_PENDING);
            CompletableFuture<Void> release = CompletableFuture.runAsync(() -> {
                while (GuestMemory.getLongOpaque(beginResult) == 0) {
                    Thread.onSpinWait();
                }
                GuestMemory.setShortRelease(lock, (short) 0);
            });
            RunResult result = programs.machine.run(programs.program("worker"), null, 0, 1);
            release.join();
            assertThat(result.r0()).isZero();
            assertThat(programs.variable("begin_result")).isEqualTo(-Errno.EDEADLK);
            assertThat(programs.variable("end_result")).isEqualTo(-Errno.EDEADLK);
            assertThat(GuestMemory.getInt(lock)).isZero();
            String report = programs.program("end").code().err().read();
            assertThat(report)
                    .startsWith("ERROR: AA or ABBA deadlock detected for bpf_res_spin_lock\n")
                    .containsSubsequence("Call trace:\n", "end+0x10\n", "worker+0x10\n")
                    .containsPattern("\nHolder: (lock is free by now|CPU 0 has lock)\n\n$");
        }
    }
}
