package dev.spinbpf.vm.explore;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.maps.cpu.HeldLocks;
import dev.spinbpf.vm.broken.BrokenCopy;
import dev.spinbpf.vm.broken.BrokenCopy.Mistake;
import dev.spinbpf.vm.broken.Search;
import java.lang.classfile.CodeBuilder;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Finds locks that were broken on purpose, through small programs and by exploration alone: in a copy of lock, maps and
 * machine one step of the lock is replaced, and the search shows what it does not show of the lock as it is.
 */
@Timeout(600)
class BrokenLockTest {
    private static final Duration LONG = Duration.ofMinutes(5);

    /** The time for the lock as it is, where the search does not come to its end before. */
    private static final Duration SHORT = Duration.ofSeconds(2);

    private static final String LOCKS = "dev.spinbpf.maps.lock.";
    private static final ClassDesc HELD = ClassDesc.of(HeldLocks.class.getName());
    private static final ClassDesc WORD = ClassDesc.of(LOCKS + "LockWord");
    private static final MethodTypeDesc NOTHING = MethodTypeDesc.of(ConstantDescs.CD_void);
    private static final MethodTypeDesc ADDRESS = MethodTypeDesc.of(ConstantDescs.CD_void, ConstantDescs.CD_long);
    private static final String IS_AA = "isAa(Ldev/spinbpf/maps/cpu/Cpu;J)Z";
    private static final int SLOT_OF_LOCK = 2;

    /** A lock that was broken: programs that show it, and the beginning of the title of what they show. */
    enum Broken {
        NO_AA_CHECK(
                LockPrograms.INTERRUPTED,
                "timeout: one in packet",
                call("DeadlockCheck", "isAa", "holds(Ldev/spinbpf/maps/cpu/HeldLocks;J)Z", code -> code.pop2()
                        .pop()
                        .iconst_0())),
        NO_AA_CHECK_BEFORE_QUEUEING(
                LockPrograms.INTERRUPTED_WAITERS, "hang: ", call("RqSpinLock", "queue", IS_AA, code -> code.pop2()
                        .pop()
                        .pop()
                        .iconst_0())),
        PENDING_BYTE_STAYS(
                LockPrograms.INTERRUPTED,
                "one is not free at the end",
                call("RqSpinLock", "waitAsPending", "withdraw(J)V", CodeBuilder::pop2)),
        ANOTHER_WAITER_CLEARS_PENDING_BYTE(
                LockPrograms.THREE,
                "race: task",
                call("RqSpinLock", "acquireSlowly", "isPending(I)Z", code -> code.pop()
                        .iconst_0())),
        DEADLOCK_DISSOLVES_QUEUE(
                LockPrograms.OPPOSITE_AND_OTHERS,
                "two gave up too soon in other",
                call("RqSpinLock", "giveUpAsHead", "setRelease(I)V", code -> code.pop()
                        .iconst_2()
                        .invokevirtual(
                                ClassDesc.of("dev.spinbpf.maps.sync.IntWord"),
                                "setRelease",
                                MethodTypeDesc.of(ConstantDescs.CD_void, ConstantDescs.CD_int)))),
        HEAD_WAKES_NO_SUCCESSOR(
                LockPrograms.TWICE, "hang: ", call("RqSpinLock", "waitAsHead", "setRelease(I)V", code -> code.pop()
                        .pop())),
        HEAD_IGNORES_PENDING(
                LockPrograms.THREE,
                "race: task",
                constant("RqSpinLock", "waitAsHead", 0xffff, code -> code.sipush(0xff))),
        HEAD_WAITS_HALF_AS_LONG(
                LockPrograms.STALLED,
                "one gave up too soon in task",
                constant("RqSpinLock", "waitAsHead", 500_000_000L, code -> code.loadConstant(250_000_000L))),
        TIMEOUT_IS_NOT_PASSED_ON(
                LockPrograms.STALLED, "hang: ", call("RqSpinLock", "dissolve", "setOpaque(I)V", code -> code.pop()
                        .pop())),
        NMI_QUEUES_ON_WAITER(
                LockPrograms.NMI_ON_WAITER,
                "map 'b' bucket queued an NMI on a waiter",
                call("RqSpinLock", "mayQueue", "inNmi()Z", code -> code.pop().iconst_0())),
        FIFTH_NODE(
                LockPrograms.FIVE_DEEP,
                "fault in c4",
                constant("RqSpinLock", "mayQueue", Cpu.NODES, CodeBuilder::iconst_5)),
        NO_ABBA_CHECK(
                LockPrograms.OPPOSITE,
                "timeout: ",
                call(
                        "Waiting",
                        "look",
                        "isAbba(Ldev/spinbpf/maps/cpu/Cpu;JI)Z",
                        code -> code.pop().pop2().pop().pop().iconst_0())),
        ENTRY_STAYS(
                LockPrograms.INTERRUPTED,
                "CPU 0 is not at rest at the end",
                call("LockAlgorithm", "abandonEntry", "lowerCount()V", CodeBuilder::pop)),
        ENTRY_AFTER_TAKING(LockPrograms.INTERRUPTED, "timeout: one in packet", entryAfterTaking()),
        ENTRY_CLEARED_BEFORE_RELEASE(
                LockPrograms.INTERRUPTED,
                "timeout: one in packet",
                call("LockAlgorithm", "letGo", "release(J)V", code -> code.aload(SLOT_OF_LOCK + 2)
                        .invokevirtual(HELD, "clearTop", NOTHING)
                        .invokestatic(WORD, "release", ADDRESS)));

        private final LockPrograms programs;
        private final String shown;
        private final Mistake mistake;

        Broken(LockPrograms programs, String shown, Mistake mistake) {
            this.programs = programs;
            this.shown = shown;
            this.mistake = mistake;
        }

        private static Mistake call(String type, String method, String callee, Consumer<CodeBuilder> code) {
            return Mistake.call(LOCKS + type, method, callee, code);
        }

        private static Mistake constant(String type, String method, Number number, Consumer<CodeBuilder> code) {
            return Mistake.constant(LOCKS + type, method, number, code);
        }

        /** The entry is taken back just before, and made again once the lock was taken. */
        private static Mistake entryAfterTaking() {
            ClassDesc type = ClassDesc.of(LOCKS + "LockAlgorithm");
            return call("LockAlgorithm", "enterAndTake", "tryFast(J)I", code -> code.aload(SLOT_OF_LOCK + 3)
                    .invokevirtual(HELD, "clearTop", NOTHING)
                    .invokevirtual(type, "tryFast", MethodTypeDesc.of(ConstantDescs.CD_int, ConstantDescs.CD_long))
                    .aload(SLOT_OF_LOCK + 3)
                    .lload(SLOT_OF_LOCK)
                    .invokevirtual(HELD, "recordTop", ADDRESS));
        }
    }

    @ParameterizedTest
    @EnumSource
    void shouldBeFoundByExplorationAlone(Broken broken) throws Exception {
        BrokenCopy copy = new BrokenCopy(List.of(LOCKS, "dev.spinbpf.maps.map.", "dev.spinbpf.vm."), broken.mistake);
        String name = broken.programs.name();

        assertThat(((Search) copy.make(LockPrograms.Explore.class)).titles(name, broken.shown, LONG))
                .as("of the broken lock")
                .anyMatch(title -> title.startsWith(broken.shown));
        assertThat(new LockPrograms.Explore().titles(name, broken.shown, SHORT))
                .as("of the lock as it is")
                .noneMatch(title -> title.startsWith(broken.shown));
    }
}
