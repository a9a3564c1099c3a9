package dev.spinbpf.verifier.object;

import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.programs.btf.BtfField;
import dev.spinbpf.programs.btf.BtfRecord;
import dev.spinbpf.programs.btf.BtfType;
import dev.spinbpf.programs.linux.Errno;
import dev.spinbpf.verifier.flow.CriticalSections;
import dev.spinbpf.verifier.flow.Exploration;
import dev.spinbpf.verifier.flow.Registers;
import dev.spinbpf.verifier.flow.Rule;
import dev.spinbpf.verifier.kernel.KernelRule;
import dev.spinbpf.verifier.kernel.Message;
import dev.spinbpf.verifier.kernel.TypeFlags;
import dev.spinbpf.verifier.kernel.UnsupportedFeature;
import dev.spinbpf.verifier.state.RegPayload;
import dev.spinbpf.verifier.state.RegState;
import dev.spinbpf.verifier.state.RegType;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Pointers to objects that are kept in map values and allocated objects.
 *
 * <p>What must hold: a field keeps objects of one type only, {@link #checkType}. What is loaded from a field may be null,
 * and is valid as long as the object that it points to is: under RCU if objects of its kind are freed by RCU, else not to
 * be relied on at all. A field that owns its object is changed by exchange only, {@link #EXCHANGED}.
 */
public final class Kptrs {
    private static final BtfField.Kind[] KINDS = {
        BtfField.Kind.BPF_KPTR_UNREF, BtfField.Kind.BPF_KPTR_REF, BtfField.Kind.BPF_KPTR_PERCPU
    };

    private static final List<Rule<Exchange>> EXCHANGED = List.of(
            Rule.of(
                    exchange -> !exchange.pointer.is(RegType.PTR_TO_MAP_VALUE)
                            || exchange.pointer.map().hasBtf(),
                    Errno.EINVAL,
                    Message.KPTR_XCHG_NEEDS_BTF,
                    exchange -> List.of(exchange.pointer.map().name())),
            Rule.of(
                    exchange -> exchange.pointer.isConst(),
                    Errno.EINVAL,
                    Message.KPTR_OFFSET_NOT_CONSTANT,
                    exchange -> List.of(exchange.regno)),
            Rule.of(
                    exchange -> Arrays.stream(KINDS).anyMatch(kind -> SpecialFields.has(exchange.fields, kind)),
                    Errno.EINVAL,
                    Message.KPTR_NOT_VALID,
                    exchange -> List.of(exchange.regno)),
            Rule.of(
                    exchange -> exchange.field() != null,
                    Errno.EACCES,
                    Message.KPTR_NOT_AT_OFFSET,
                    exchange -> List.of((int) exchange.pointer.constValue())),
            Rule.of(
                    exchange -> Objects.requireNonNull(exchange.field()).kind() != BtfField.Kind.BPF_KPTR_UNREF,
                    Errno.EACCES,
                    Message.KPTR_NOT_REFERENCED,
                    exchange -> List.of((int) exchange.pointer.constValue())));

    /** An exchange of what a field holds: the pointer to the field, and the special fields of what it points into. */
    private record Exchange(
            RegState pointer, int regno, @Nullable BtfRecord fields) {
        @Nullable
        BtfField field() {
            return SpecialFields.find(fields, pointer.constValue(), KINDS);
        }
    }

    private Kptrs() {}

    /** Returns the field that the register points to, which must be one whose pointer may be exchanged. */
    public static BtfField exchanged(Exploration path, RegState pointer, int regno) {
        var exchange = new Exchange(pointer, regno, SpecialFields.of(path, pointer));
        Rule.enforce(path.log(), EXCHANGED, exchange);
        return Objects.requireNonNull(exchange.field());
    }

    /**
     * The type that a kptr points to: the kernel's struct of its name if there is one, else the program's own.
     *
     * @param btf the types that the field's type id refers to
     */
    public static RegPayload.BtfRef typeOf(Exploration path, BtfField field, Btf btf) {
        String name = btf.type(field.typeId()).name();
        RegPayload.BtfRef kernel = StructMatch.kernel(path, name);
        if (kernel != null) {
            return kernel;
        }
        if (btf.resolved(field.typeId()) instanceof BtfType.Fwd) {
            throw new UnsupportedFeature("kptr to kernel struct " + name + " is not supported without kernel types");
        }
        return new RegPayload.BtfRef(btf, field.typeId());
    }

    /** The pointer that a load of the field gives. */
    static RegState load(Exploration path, BtfField field, Btf btf) {
        RegPayload.BtfRef type = typeOf(path, field, btf);
        return RegState.btfId(type.btf(), type.typeId(), loadFlags(path, field, btf));
    }

    private static int loadFlags(Exploration path, BtfField field, Btf btf) {
        RegPayload.BtfRef type = typeOf(path, field, btf);
        boolean ofKernel = type.btf() != path.unit().btf();
        boolean rcuSafe = field.kind() == BtfField.Kind.BPF_KPTR_PERCPU
                || field.kind() == BtfField.Kind.BPF_KPTR_REF
                        && (!ofKernel || path.unit().kernel().structs().isFreedByRcu(StructMatch.name(type)));
        int flags = TypeFlags.PTR_MAYBE_NULL;
        if (!rcuSafe || !CriticalSections.inRcuSection(path)) {
            return flags | TypeFlags.PTR_UNTRUSTED;
        }
        flags |= TypeFlags.MEM_RCU;
        if (field.kind() == BtfField.Kind.BPF_KPTR_PERCPU) {
            flags |= TypeFlags.MEM_PERCPU;
        } else if (!ofKernel) {
            flags |= TypeFlags.MEM_ALLOC;
        }
        BtfRecord record = ofKernel ? null : SpecialFields.ofStruct(type.btf(), type.typeId());
        boolean node = SpecialFields.has(record, BtfField.Kind.BPF_LIST_NODE)
                || SpecialFields.has(record, BtfField.Kind.BPF_RB_NODE);
        return node ? flags | TypeFlags.NON_OWN_REF : flags;
    }

    /** Refuses a register that cannot be kept in the field: Linux's {@code map_kptr_match_type}. */
    public static void checkType(Exploration path, BtfField field, Btf btf, RegState reg, int regno) {
        RegPayload.BtfRef wanted = typeOf(path, field, btf);
        boolean percpu = field.kind() == BtfField.Kind.BPF_KPTR_PERCPU;
        boolean unref = field.kind() == BtfField.Kind.BPF_KPTR_UNREF;
        String shown = "";
        boolean fits = reg.is(RegType.PTR_TO_BTF_ID);
        if (fits) {
            boolean ofKernel = reg.btfRef().btf() != path.unit().btf();
            int allowed = TypeFlags.PTR_MAYBE_NULL;
            if (ofKernel) {
                allowed |= TypeFlags.PTR_TRUSTED | TypeFlags.MEM_RCU | (unref ? TypeFlags.PTR_UNTRUSTED : 0);
            } else {
                allowed |= TypeFlags.MEM_ALLOC | (percpu ? TypeFlags.MEM_PERCPU : 0);
            }
            fits = (reg.flags() & ~allowed) == 0
                    && (percpu == reg.hasFlag(TypeFlags.MEM_PERCPU)
                            || !path.unit().kernel().has(KernelRule.PERCPU_KPTRS_KEEP_PERCPU_OBJECTS));
        }
        if (fits) {
            shown = StructMatch.name(reg.btfRef());
            Registers.checkPointerOffset(path, reg, Registers.name(regno), true);
            fits = StructMatch.matches(path, reg.btfRef(), reg.constValue(), wanted, !unref);
        }
        if (!fits) {
            String target = StructMatch.name(wanted);
            String expected = RegType.PTR_TO_BTF_ID.display() + target;
            String alternative = RegType.PTR_TO_BTF_ID.display(TypeFlags.PTR_UNTRUSTED) + target;
            throw path.reject(
                    Errno.EACCES,
                    Message.KPTR_TYPE_MISMATCH,
                    regno,
                    reg.typeText(),
                    shown,
                    expected,
                    unref ? " or " + alternative : "");
        }
    }
}
