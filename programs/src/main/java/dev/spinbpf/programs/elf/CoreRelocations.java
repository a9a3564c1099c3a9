package dev.spinbpf.programs.elf;

import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.programs.btf.BtfExt;
import dev.spinbpf.programs.btf.CoreException;
import dev.spinbpf.programs.btf.CoreResolver;
import dev.spinbpf.programs.btf.CoreResult;
import dev.spinbpf.programs.model.MalformedObjectException;
import dev.spinbpf.programs.model.UnresolvedReloc;
import java.util.ArrayList;
import java.util.List;

/**
 * Applies CO-RE relocations to the functions of an object.
 *
 * <p>An instruction that asks for something that the target does not have is replaced by a call of a helper that does
 * not exist, as libbpf does: the verifier refuses it if it can be reached ({@code invalid func unknown#195896080}). A
 * relocation that is malformed or ambiguous fails the programs that contain it.
 */
final class CoreRelocations {
    private static final int MAX_NOTES = 1000;
    private static final int CLASS_MASK = 7;
    private static final int SIZE_MASK = 0x18;

    private final ElfFile elf;
    private final SectionFunctions functions;
    private final CoreResolver resolver;
    private final List<String> notes;
    private final List<UnresolvedReloc> unresolved = new ArrayList<>();

    /** @param target types to relocate against; {@link Btf#EMPTY} for the object's own */
    CoreRelocations(ElfFile elf, LoadedTypes types, SectionFunctions functions, Btf target, List<String> notes) {
        this.elf = elf;
        this.functions = functions;
        this.resolver = new CoreResolver(types.original, target);
        this.notes = notes;
    }

    /** The relocations that found nothing. */
    List<UnresolvedReloc> unresolved() {
        return unresolved;
    }

    void apply(List<BtfExt.CoreRelo> relocations) throws MalformedObjectException {
        for (BtfExt.CoreRelo relo : relocations) {
            ElfSection section = elf.section(relo.section());
            if (section == null) {
                throw elf.bad(relo.section(), relo.insnOffset(), "CO-RE relocation in a section that does not exist");
            }
            if (relo.insnOffset() % RawInsn.BYTES != 0) {
                throw elf.bad(section, relo.insnOffset(), "CO-RE relocation at no instruction");
            }
            long slot = relo.insnOffset() / RawInsn.BYTES;
            Function function = functions.at(section.index(), slot);
            if (function != null && function.failure == null) {
                int insn = (int) slot - function.start;
                try {
                    patch(function, insn, resolver.resolve(relo));
                } catch (CoreException e) {
                    function.failure =
                            "CO-RE relocation of insn " + insn + " of " + function.name + ": " + e.getMessage();
                } catch (LinkException e) {
                    function.failure =
                            "CO-RE relocation of insn " + insn + " of " + function.name + ": " + e.getMessage();
                }
            }
        }
    }

    private void patch(Function function, int at, CoreResult result) throws LinkException {
        long insn = function.code[at];
        switch (RawInsn.opcode(insn) & CLASS_MASK) {
            case 4, 7 -> patchImmediate(function, at, result);
            case 1, 2, 3 -> patchOffset(function, at, result);
            case 0 -> patchWideImmediate(function, at, result);
            default -> throw unexpected(insn);
        }
    }

    private static LinkException unexpected(long insn) {
        return new LinkException(
                "instruction with opcode 0x" + Integer.toHexString(RawInsn.opcode(insn)) + " cannot be relocated");
    }

    private void poison(Function function, int at, String description) {
        if (notes.size() < MAX_NOTES) {
            notes.add("function '" + function.name + "', insn " + at + ": failed to resolve CO-RE relocation "
                    + description);
        }
        unresolved.add(new UnresolvedReloc(function.name, at, description));
        int slots = RawInsn.isLddw(function.code[at]) ? 2 : 1;
        for (int i = 0; i < slots; i++) {
            function.code[at + i] = RawInsn.of(RawInsn.CALL, 0, 0, 0, UnresolvedReloc.HELPER);
        }
    }

    private void patchImmediate(Function function, int at, CoreResult result) throws LinkException {
        long insn = function.code[at];
        boolean usesRegister = (RawInsn.opcode(insn) & 8) != 0;
        if (usesRegister) {
            throw unexpected(insn);
        }
        if (result.poison()) {
            poison(function, at, result.description());
            return;
        }
        requireValue(result, RawInsn.imm(insn));
        function.code[at] = RawInsn.withImm(insn, (int) result.newValue());
    }

    private static void requireValue(CoreResult result, long value) throws LinkException {
        if (result.validate() && value != result.originalValue()) {
            throw new LinkException("unexpected value: got " + value + ", exp "
                    + Long.toUnsignedString(result.originalValue()) + " -> "
                    + Long.toUnsignedString(result.newValue()));
        }
    }

    private void patchOffset(Function function, int at, CoreResult result) throws LinkException {
        long insn = function.code[at];
        if (result.poison()) {
            poison(function, at, result.description());
            return;
        }
        requireValue(result, RawInsn.off(insn));
        if (Long.compareUnsigned(result.newValue(), Short.MAX_VALUE) > 0) {
            throw new LinkException("value too big: " + Long.toUnsignedString(result.newValue()));
        }
        if (result.wrongAccess()) {
            poison(function, at, result.description());
            return;
        }
        long patched = RawInsn.withOff(insn, (int) result.newValue());
        if (result.newSize() != result.originalSize()) {
            int opcode = RawInsn.opcode(insn);
            if (bytes(opcode & SIZE_MASK) != result.originalSize()) {
                throw new LinkException(
                        "unexpected mem size: got " + bytes(opcode & SIZE_MASK) + ", exp " + result.originalSize());
            }
            patched = RawInsn.withOpcode(patched, opcode & ~SIZE_MASK | sizeCode(result.newSize()));
        }
        function.code[at] = patched;
    }

    private static int bytes(int sizeCode) {
        return switch (sizeCode) {
            case 0x00 -> 4;
            case 0x08 -> 2;
            case 0x10 -> 1;
            default -> 8;
        };
    }

    private static int sizeCode(long bytes) throws LinkException {
        return switch ((int) Math.min(bytes, Integer.MAX_VALUE)) {
            case 1 -> 0x10;
            case 2 -> 0x08;
            case 4 -> 0x00;
            case 8 -> 0x18;
            default -> throw new LinkException("invalid new mem size: " + bytes);
        };
    }

    private void patchWideImmediate(Function function, int at, CoreResult result) throws LinkException {
        long first = function.code[at];
        boolean wide = RawInsn.isLddw(first)
                && at + 1 < function.code.length
                && RawInsn.src(first) == 0
                && RawInsn.off(first) == 0
                && (function.code[at + 1] & 0xffffffffL) == 0;
        if (!wide) {
            throw new LinkException("64-bit load has unexpected form");
        }
        if (result.poison()) {
            poison(function, at, result.description());
            return;
        }
        long second = function.code[at + 1];
        requireValue(result, Integer.toUnsignedLong(RawInsn.imm(first)) | (long) RawInsn.imm(second) << 32);
        function.code[at] = RawInsn.withImm(first, (int) result.newValue());
        function.code[at + 1] = RawInsn.withImm(second, (int) (result.newValue() >>> 32));
    }
}
