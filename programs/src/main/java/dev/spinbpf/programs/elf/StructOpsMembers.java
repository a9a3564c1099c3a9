package dev.spinbpf.programs.elf;

import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.programs.btf.BtfType;
import dev.spinbpf.programs.linux.Errno;
import dev.spinbpf.programs.linux.ProgType;
import dev.spinbpf.programs.model.LoadRefusal;
import dev.spinbpf.programs.model.MalformedObjectException;
import dev.spinbpf.programs.model.ProgramObject;
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
        for (ElfSection section : elf.sections()) {
            if (section.type() == ElfSection.PROGBITS && ProgramObject.isOfStructs(section.name())) {
                note(section);
            }
        }
        for (ElfSection relocs : elf.sections()) {
            if (relocs.type() != ElfSection.REL
                    || relocs.info() >= elf.sections().size()) {
                continue;
            }
            ElfSection target = elf.sections().get((int) relocs.info());
            if (ProgramObject.isOfStructs(target.name())) {
                for (ElfReloc reloc : elf.relocs(relocs)) {
                    add(target, reloc, members);
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

    private void note(ElfSection section) throws MalformedObjectException {
        for (BtfType.SecVar entry : dataSection(section).vars()) {
            notes.add("struct_ops map '" + types.type(entry.varTypeId()).name() + "' is not created");
        }
    }

    private BtfType.DataSec dataSection(ElfSection section) throws MalformedObjectException {
        int id = types.original.find(section.name(), BtfType.DataSec.class);
        if (types.type(id) instanceof BtfType.DataSec found) {
            return found;
        }
        throw elf.bad(section, -1, "has no DATASEC in .BTF");
    }

    private void add(ElfSection section, ElfReloc reloc, Map<String, String> members) throws MalformedObjectException {
        Function function =
                functions.at(reloc.symbol().section(), reloc.symbol().value() / RawInsn.BYTES);
        if (function == null) {
            throw elf.bad(
                    section, reloc.offset(), "points to '" + reloc.symbol().name() + "', which is no program");
        }
        for (BtfType.SecVar entry : dataSection(section).vars()) {
            BtfType type = types.original.resolved(typeOf(entry.varTypeId()));
            if (!(type instanceof BtfType.Composite struct)) {
                continue;
            }
            for (BtfType.Member member : struct.members()) {
                if (entry.offset() + member.bitOffset() / Byte.SIZE == reloc.offset()) {
                    members.putIfAbsent(function.name, struct.name() + "." + member.name());
                    if (!section.name().startsWith("?")) {
                        loaded.add(function.name);
                        use(function, types.original.type(entry.varTypeId()).name(), struct, member);
                    }
                }
            }
        }
    }

    private void use(Function function, String variable, BtfType.Composite struct, BtfType.Member member) {
        int flavor = struct.name().indexOf("___");
        String name = flavor < 0 ? struct.name() : struct.name().substring(0, flavor);
        BtfType.Composite known = struct;
        if (kernelTypes.size() > 1) {
            int kernelId = kernelTypes.find(name, BtfType.Composite.class);
            if (!(kernelTypes.type(kernelId) instanceof BtfType.Composite found)) {
                return; // a struct that the kernel lacks is another matter
            }
            known = found;
        }
        int number = 0;
        while (number < known.members().size()
                && !known.members().get(number).name().equals(member.name())) {
            number++;
        }
        if (number == known.members().size()) {
            refuse(
                    Errno.EOPNOTSUPP,
                    "struct_ops init_kern " + variable + ": Cannot find member " + member.name() + " in kernel BTF",
                    "struct " + name + " of this Linux has no member " + member.name());
            return;
        }
        Place place = new Place(name, number);
        Place before = places.putIfAbsent(function.name, place);
        if (before != null && !before.equals(place)) {
            String section = function.section.name();
            refuse(
                    Errno.EINVAL,
                    "struct_ops init_kern " + variable + " func ptr " + member.name()
                            + ": invalid reuse of prog " + function.name + " in sec " + section + " with type "
                            + ProgType.STRUCT_OPS.number() + ": expected_attach_type " + before.number
                            + " != kern_member_idx " + number,
                    "program " + function.name + " is for one member of the struct already; write one for "
                            + member.name());
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
