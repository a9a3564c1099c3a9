package dev.spinbpf.programs.elf;

import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.programs.btf.BtfType;
import dev.spinbpf.programs.linux.Errno;
import dev.spinbpf.programs.linux.ProgType;
import dev.spinbpf.programs.model.LoadRefusal;
import dev.spinbpf.programs.model.MalformedObjectException;
import dev.spinbpf.programs.model.ProgramObject;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Structs of functions that the object implements for the kernel ({@code .struct_ops}, {@code .struct_ops.link}): which
 * member each program is for. The structs themselves are not registered anywhere; a note says so.
 */
final class StructOpsMembers {
    private final ElfFile elf;
    private final LoadedTypes types;
    private final SectionFunctions functions;
    private final List<String> notes;

    private final Btf kernelTypes;
    private final Set<String> loaded = new HashSet<>();
    private final Map<String, Place> places = new HashMap<>();
    private @Nullable LoadRefusal refusal;

    /** A member of a struct of the kernel's: its number among the members. */
    private record Place(String struct, int number) {}

    /** @param kernelTypes the types whose structs count; {@link Btf#EMPTY}: the object's own do */
    StructOpsMembers(ElfFile elf, LoadedTypes types, SectionFunctions functions, List<String> notes, Btf kernelTypes) {
        this.kernelTypes = kernelTypes;
        this.elf = elf;
        this.types = types;
        this.functions = functions;
        this.notes = notes;
    }

    /** Adds type and member, by the name of the program that implements it. */
    void read(Map<String, String> members) throws MalformedObjectException {
        Map<Integer, Map<Long, Function>> pointers = new HashMap<>();
        for (ElfSection relocs : elf.sections()) {
            if (relocs.type() != ElfSection.REL
                    || relocs.info() >= elf.sections().size()) {
                continue;
            }
            ElfSection target = elf.sections().get((int) relocs.info());
            if (ProgramObject.isOfStructs(target.name())) {
                Map<Long, Function> found = pointers.computeIfAbsent(target.index(), _ -> new HashMap<>());
                for (ElfReloc reloc : elf.relocs(relocs)) {
                    found.put(reloc.offset(), pointed(target, reloc));
                }
            }
        }
        for (ElfSection section : elf.sections()) {
            if (section.type() == ElfSection.PROGBITS && ProgramObject.isOfStructs(section.name())) {
                for (BtfType.SecVar entry : dataSection(section).vars()) {
                    notes.add("struct_ops map '" + types.type(entry.varTypeId()).name() + "' is not created");
                    read(section, entry, pointers.getOrDefault(section.index(), Map.of()), members);
                }
            }
        }
    }

    /** Returns the refusal of a program that is for two members, which are called in different ways; null if there is none. */
    @Nullable
    LoadRefusal refusal() {
        return refusal;
    }

    /** True if a struct that is made without being asked for refers to the program, so that it is loaded with each other one. */
    boolean isLoaded(String program) {
        return loaded.contains(program);
    }

    private BtfType.DataSec dataSection(ElfSection section) throws MalformedObjectException {
        int id = types.original.find(section.name(), BtfType.DataSec.class);
        if (types.type(id) instanceof BtfType.DataSec found) {
            return found;
        }
        throw elf.bad(section, -1, "has no DATASEC in .BTF");
    }

    private Function pointed(ElfSection section, ElfReloc reloc) throws MalformedObjectException {
        Function function =
                functions.at(reloc.symbol().section(), reloc.symbol().value() / RawInsn.BYTES);
        if (function == null) {
            throw elf.bad(
                    section, reloc.offset(), "points to '" + reloc.symbol().name() + "', which is no program");
        }
        return function;
    }

    private void read(
            ElfSection section, BtfType.SecVar entry, Map<Long, Function> pointers, Map<String, String> members)
            throws MalformedObjectException {
        if (!(types.original.resolved(typeOf(entry.varTypeId())) instanceof BtfType.Composite struct)) {
            return;
        }
        boolean isMade = !section.name().startsWith("?");
        BtfType.Composite known = known(struct);
        String variable = types.original.type(entry.varTypeId()).name();
        for (BtfType.Member member : struct.members()) {
            Function function = pointers.get(entry.offset() + member.bitOffset() / Byte.SIZE);
            if (function != null) {
                checkReference("struct_ops reloc " + variable, member, function);
                members.putIfAbsent(function.name, struct.name() + "." + member.name());
            }
            if (function != null && isMade) {
                loaded.add(function.name);
            }
            if (isMade && known != null) {
                Data data = new Data(section, entry.offset(), member);
                check(variable, known, data, function);
            }
        }
    }

    private void checkReference(String reloc, BtfType.Member member, Function function) {
        boolean isFunction = types.original.resolved(member.typeId()) instanceof BtfType.Ptr pointer
                && types.original.resolved(pointer.typeId()) instanceof BtfType.FuncProto;
        ProgType type = SectionNames.lookup(function.section.name())
                .map(SectionNames.Match::type)
                .orElse(ProgType.UNSPEC);
        if (!isFunction) {
            refuse(
                    Errno.EINVAL,
                    reloc + ": cannot relocate non func ptr " + member.name(),
                    "a program can be a member only where the struct points to a function");
        } else if (type != ProgType.STRUCT_OPS) {
            refuse(
                    Errno.EINVAL,
                    reloc + ": prog " + function.name + " is not struct_ops BPF program",
                    "the section of a program for a member of a struct begins with struct_ops");
        }
    }

    /** The kernel's struct; the object's own without the kernel's types; null for one that the kernel lacks, which is another matter. */
    private BtfType.@Nullable Composite known(BtfType.Composite struct) {
        if (kernelTypes.size() <= 1) {
            return struct;
        }
        int id = kernelTypes.find(plainName(struct), BtfType.Composite.class);
        return kernelTypes.type(id) instanceof BtfType.Composite found ? found : null;
    }

    private static String plainName(BtfType.Composite struct) {
        int flavor = struct.name().indexOf("___");
        return flavor < 0 ? struct.name() : struct.name().substring(0, flavor);
    }

    /** A member of a struct in a section of the object. */
    private record Data(ElfSection section, long offset, BtfType.Member member) {}

    private void check(String variable, BtfType.Composite known, Data data, @Nullable Function function)
            throws MalformedObjectException {
        String member = data.member.name();
        String init = "struct_ops init_kern " + variable;
        int number = 0;
        while (number < known.members().size()
                && !known.members().get(number).name().equals(member)) {
            number++;
        }
        if (number == known.members().size()) {
            if (function != null || !isZero(data)) {
                refuse(
                        Errno.EOPNOTSUPP,
                        init + ": Cannot find member " + member + " in kernel BTF",
                        "struct " + plainName(known) + " of this Linux has no member " + member);
            }
            return;
        }
        String difference = difference(data, known.members().get(number), function);
        if (difference != null) {
            refuse(Errno.EOPNOTSUPP, init + ": " + difference, "");
        } else if (function != null) {
            use(function, init, new Place(plainName(known), number), member);
        }
    }

    /** Returns what of a member does not fit the kernel's, or null. */
    private @Nullable String difference(Data data, BtfType.Member kernel, @Nullable Function function)
            throws MalformedObjectException {
        Btf btf = kernelTypes.size() > 1 ? kernelTypes : types.original;
        BtfType.Member own = data.member;
        if (own.bitSize() > 0 || kernel.bitSize() > 0) {
            return "bitfield " + own.name() + " is not supported";
        }
        BtfType type = types.original.resolved(own.typeId());
        int kind = Btf.kindNumber(type);
        int expected = Btf.kindNumber(btf.resolved(kernel.typeId()));
        if (kind != expected) {
            return "Unmatched member type " + own.name() + " " + kind + " != " + expected + "(kernel)";
        }
        if (type instanceof BtfType.Ptr) {
            return function == null && !isZero(data) ? "member " + own.name() + " is not a struct_ops program" : null;
        }
        long size = types.original.sizeOf(own.typeId());
        long expectedSize = btf.sizeOf(kernel.typeId());
        return size == expectedSize
                ? null
                : "Error in size of member " + own.name() + ": " + size + " != " + expectedSize + "(kernel)";
    }

    private boolean isZero(Data data) throws MalformedObjectException {
        ByteBuffer bytes = elf.bytes(data.section);
        long from = data.offset + data.member.bitOffset() / Byte.SIZE;
        long to = from + types.original.sizeOf(data.member.typeId());
        for (long i = from; i < to && i < bytes.limit(); i++) {
            if (bytes.get((int) i) != 0) {
                return false;
            }
        }
        return true;
    }

    private void use(Function function, String init, Place place, String member) {
        Place before = places.putIfAbsent(function.name, place);
        if (before != null && !before.equals(place)) {
            String section = function.section.name();
            refuse(
                    Errno.EINVAL,
                    init + " func ptr " + member + ": invalid reuse of prog " + function.name + " in sec " + section
                            + " with type " + ProgType.STRUCT_OPS.number() + ": expected_attach_type " + before.number
                            + " != kern_member_idx " + place.number,
                    "program " + function.name + " is for one member of the struct already; write one for " + member);
        }
    }

    private void refuse(int errno, String warning, String reason) {
        if (refusal == null) {
            refusal = new LoadRefusal(errno, "libbpf: " + warning, reason);
        }
    }

    private int typeOf(int varId) {
        return types.original.type(varId) instanceof BtfType.Var variable ? variable.typeId() : 0;
    }
}
