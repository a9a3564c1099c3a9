package dev.spinbpf.programs.elf;

import dev.spinbpf.programs.isa.Insn;
import dev.spinbpf.programs.isa.InsnDecoder;
import dev.spinbpf.programs.isa.InvalidInsnException;
import dev.spinbpf.programs.linux.KernelLimits;
import dev.spinbpf.programs.model.LineInfo;
import dev.spinbpf.programs.model.Program;
import dev.spinbpf.programs.model.Subprog;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Links programs as libbpf does: a program's own instructions come first; each subprogram that it calls, or whose
 * address it takes, is appended when the first such instruction is met, and what that one calls is appended before the
 * caller goes on. So subprograms stand in the order of first use, depth first, and only those that are used are there.
 */
final class ObjectLinker {

    private final SectionFunctions functions;
    private final CodeInfo info;
    private final ReferenceResolver references;
    private final Map<Insn, Insn> seen = new HashMap<>();
    private long slotsLeft;

    /**
     * @param references what to put where maps and symbols are referred to
     * @param maxSlots most instructions of all programs together
     */
    ObjectLinker(SectionFunctions functions, CodeInfo info, ReferenceResolver references, long maxSlots) {
        this.functions = functions;
        this.info = info;
        this.references = references;
        this.slotsLeft = maxSlots;
    }

    /** A function and where it is in the program. */
    record Placed(Function function, int base) {}

    /** A function being linked, and its next slot to look at. */
    private static final class Pending {
        final Placed placed;
        int next;

        Pending(Placed placed) {
            this.placed = placed;
        }
    }

    /** A program under construction. */
    static final class Image {
        final List<Placed> placed = new ArrayList<>();
        private final IdentityHashMap<Function, Integer> bases = new IdentityHashMap<>();
        private long[] code = new long[0];
        private int length;

        private Placed append(Function function) {
            if (length + function.code.length > code.length) {
                code = Arrays.copyOf(code, Math.max(code.length * 2, length + function.code.length));
            }
            System.arraycopy(function.code, 0, code, length, function.code.length);
            Placed here = new Placed(function, length);
            placed.add(here);
            bases.put(function, length);
            length += function.code.length;
            return here;
        }

        long get(int slot) {
            return code[slot];
        }

        void set(int slot, long insn) {
            code[slot] = insn;
        }

        private ByteBuffer bytes() {
            ByteBuffer bytes = ByteBuffer.allocate(length * RawInsn.BYTES).order(ByteOrder.LITTLE_ENDIAN);
            bytes.asLongBuffer().put(code, 0, length);
            return bytes;
        }
    }

    /**
     * Links a program.
     *
     * @param exceptionCallback a subprogram to append although nothing calls it, or null
     */
    Program link(Function main, SectionNames.Match kind, @Nullable String target, @Nullable Function exceptionCallback)
            throws LinkException {
        Image image = new Image();
        place(image, main);
        if (exceptionCallback != null && !image.bases.containsKey(exceptionCallback)) {
            place(image, exceptionCallback);
        }
        for (Placed placed : image.placed) {
            requireRelocated(placed.function());
            for (Map.Entry<Integer, CodeReloc> entry : placed.function().relocs.entrySet()) {
                references.apply(image, main, placed, entry.getKey(), entry.getValue());
            }
        }
        String section = main.section.name();
        return new Program(
                main.name,
                section.startsWith("?") ? section.substring(1) : section,
                kind.type(),
                kind.attachType(),
                target,
                kind.sleepable(),
                kind.autoload(),
                decode(image),
                subprogs(image),
                lines(image));
    }

    /** Refuses numbers of files and types that only a running kernel could give a meaning to. */
    private static void requireRelocated(Function function) throws LinkException {
        for (int at = 0; at < function.code.length; at++) {
            long insn = function.code[at];
            boolean address = RawInsn.isLddw(insn) && RawInsn.src(insn) != 0 && !RawInsn.isFunctionAddress(insn);
            boolean kfunc = RawInsn.isCall(insn) && RawInsn.src(insn) == RawInsn.PSEUDO_KFUNC_CALL;
            if ((address || kfunc) && !function.relocs.containsKey(at)) {
                throw new LinkException("insn " + at + " of " + function.name + " refers to kernel object "
                        + RawInsn.imm(insn) + " by number, without a relocation");
            }
            at += RawInsn.isLddw(insn) ? 1 : 0;
        }
    }

    private void place(Image image, Function first) throws LinkException {
        Deque<Pending> stack = new ArrayDeque<>();
        stack.push(new Pending(append(image, first)));
        while (!stack.isEmpty()) {
            Pending top = stack.peek();
            Function callee = nextCallee(image, top);
            if (callee == null) {
                stack.pop();
            } else {
                stack.push(new Pending(append(image, callee)));
            }
        }
    }

    private Placed append(Image image, Function function) throws LinkException {
        if (function.failure != null) {
            throw new LinkException(function.failure);
        }
        if (image.length + function.code.length > KernelLimits.BPF_COMPLEXITY_LIMIT_INSNS) {
            throw new LinkException(
                    "has more than " + KernelLimits.BPF_COMPLEXITY_LIMIT_INSNS + " instructions with its subprograms");
        }
        slotsLeft -= function.code.length;
        if (slotsLeft < 0) {
            throw new LinkException("the programs of the file have too many instructions together");
        }
        return image.append(function);
    }

    /** Fixes calls up to the first one of a function that is not in the program yet; null if there is none. */
    private @Nullable Function nextCallee(Image image, Pending pending) throws LinkException {
        Function function = pending.placed.function();
        for (; pending.next < function.code.length; pending.next++) {
            long insn = function.code[pending.next];
            CodeReloc reloc = function.relocs.get(pending.next);
            boolean address = reloc instanceof CodeReloc.FunctionAddress || RawInsn.isFunctionAddress(insn);
            if (!address && !RawInsn.isSubprogCall(insn) || reloc instanceof CodeReloc.ExternCall) {
                continue;
            }
            Function callee = callee(function, pending.next, insn, reloc);
            Integer base = image.bases.get(callee);
            if (base == null) {
                return callee;
            }
            int slot = pending.placed.base() + pending.next;
            long linked = address ? RawInsn.withSrc(insn, RawInsn.PSEUDO_FUNC) : insn;
            image.set(slot, RawInsn.withImm(linked, base - slot - 1));
        }
        return null;
    }

    private Function callee(Function caller, int at, long insn, @Nullable CodeReloc reloc) throws LinkException {
        long slot =
                switch (reloc) {
                    case CodeReloc.Call call -> call.symbolOffset() / RawInsn.BYTES + RawInsn.imm(insn) + 1;
                    case CodeReloc.FunctionAddress address ->
                        (address.symbolOffset() + RawInsn.imm(insn)) / RawInsn.BYTES;
                    case null -> {
                        if (RawInsn.isFunctionAddress(insn)) {
                            throw new LinkException("insn " + at + " of " + caller.name
                                    + " takes the address of a function without a relocation");
                        }
                        yield (long) caller.start + at + RawInsn.imm(insn) + 1;
                    }
                    default ->
                        throw new LinkException("insn " + at + " of " + caller.name + " has a relocation against a "
                                + reloc.getClass().getSimpleName() + ", which cannot be called");
                };
        Function callee = functions.textIndex() == 0 ? null : functions.at(functions.textIndex(), slot);
        if (callee == null) {
            throw new LinkException("insn " + at + " of " + caller.name + " calls slot " + slot
                    + " of .text, where there is no function");
        }
        return callee;
    }

    private List<Insn> decode(Image image) throws LinkException {
        try {
            List<Insn> insns = InsnDecoder.decode(image.bytes(), ByteOrder.LITTLE_ENDIAN);
            List<Insn> shared = new ArrayList<>(insns.size());
            for (Insn insn : insns) {
                Insn same = seen.putIfAbsent(insn, insn);
                shared.add(same == null ? insn : same);
            }
            return List.copyOf(shared);
        } catch (InvalidInsnException e) {
            String message = e.problem().kernelMessage();
            throw new LinkException(message.isEmpty() ? e.problem().message() : message);
        }
    }

    private List<Subprog> subprogs(Image image) {
        List<Subprog> subprogs = new ArrayList<>();
        for (Placed placed : image.placed) {
            Function function = placed.function();
            subprogs.add(new Subprog(
                    function.name,
                    placed.base(),
                    placed.base() + function.code.length,
                    info.isGlobal(function),
                    info.typeOf(function)));
        }
        return List.copyOf(subprogs);
    }

    private List<LineInfo> lines(Image image) {
        List<LineInfo> lines = new ArrayList<>();
        for (Placed placed : image.placed) {
            lines.addAll(info.linesOf(placed.function(), placed.base()));
        }
        return List.copyOf(lines);
    }
}
