package dev.spinbpf.verifier.flow;

import dev.spinbpf.programs.linux.Errno;
import dev.spinbpf.programs.linux.KernelLimits;
import dev.spinbpf.programs.linux.MapType;
import dev.spinbpf.verifier.kernel.Message;
import dev.spinbpf.verifier.state.MapInfo;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.stream.IntStream;

/**
 * The targets of indirect jumps: the slots that the program's instruction arrays hold.
 *
 * <p>What must hold: an array that a program refers to was filled by the loader, and each entry is the first slot of an
 * instruction of the program. An indirect jump may lead to every slot of all arrays whose lowest slot lies in its function; there is
 * at least one such array, and no slot of theirs lies outside of the function. Where a path gets to the jump, the register says
 * which part of which array it is.
 */
public final class JumpTables {
    private JumpTables() {}

    /** Refuses an instruction array that cannot be used with the program. */
    public static void checkMap(ProgramUnit unit, VerifierLog log, MapInfo map) {
        boolean isFilled = map.def().readOnly();
        if (!isFilled || !slots(map, 0, count(map) - 1).allMatch(slot -> isInsn(unit, slot))) {
            throw log.reject(Errno.EINVAL, Message.INSN_ARRAY_NOT_INITIALIZED);
        }
    }

    private static boolean isInsn(ProgramUnit unit, int slot) {
        return slot >= 0
                && slot < unit.length()
                && (slot == 0 || unit.insn(slot - 1).slots() == 1);
    }

    /** Returns the slots to which the jump at a slot may lead, in order and each once. */
    static int[] targets(ProgramUnit unit, VerifierLog log, int at) {
        SubprogInfo subprog = unit.subprogAt(at);
        int[] known = subprog.jumpTargets;
        if (known.length == 0) {
            known = find(unit, log, subprog, at);
            subprog.jumpTargets = known;
        }
        return known;
    }

    private static int[] find(ProgramUnit unit, VerifierLog log, SubprogInfo subprog, int at) {
        IntStream all = IntStream.empty();
        for (MapInfo map : unit.usedMaps()) {
            int first = map.type() == MapType.INSN_ARRAY
                    ? slots(map, 0, count(map) - 1).min().orElse(-1)
                    : -1;
            if (first >= subprog.start && first < subprog.end) {
                all = IntStream.concat(all, slots(map, 0, count(map) - 1));
            }
        }
        int[] targets = all.sorted().distinct().toArray();
        if (targets.length == 0) {
            throw log.reject(Errno.EINVAL, Message.NO_JUMP_TABLES, subprog.start);
        }
        if (targets[targets.length - 1] >= subprog.end) {
            throw log.reject(Errno.EINVAL, Message.JUMP_TABLE_OUTSIDE_SUBPROG, at, subprog.start, subprog.end);
        }
        return targets;
    }

    /** Returns the slots of some entries of an array, in order and each once. */
    public static int[] targets(MapInfo map, int first, int last) {
        return slots(map, first, last).sorted().distinct().toArray();
    }

    /** Number of entries. */
    public static int count(MapInfo map) {
        return (int) map.def().maxEntries();
    }

    private static IntStream slots(MapInfo map, int first, int last) {
        byte[] data = map.def().initialData();
        byte[] filled = data == null ? new byte[0] : data;
        ByteBuffer values = ByteBuffer.wrap(filled).order(ByteOrder.LITTLE_ENDIAN);
        return IntStream.rangeClosed(first, last)
                .map(i -> (long) i * KernelLimits.INSN_ARRAY_VALUE_BYTES + Integer.BYTES <= filled.length
                        ? values.getInt(i * KernelLimits.INSN_ARRAY_VALUE_BYTES)
                        : 0);
    }
}
