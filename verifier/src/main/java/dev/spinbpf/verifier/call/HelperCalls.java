package dev.spinbpf.verifier.call;

import dev.spinbpf.programs.isa.Insn;
import dev.spinbpf.programs.linux.Errno;
import dev.spinbpf.programs.linux.HelperIds;
import dev.spinbpf.programs.linux.KernelLimits;
import dev.spinbpf.programs.linux.MapType;
import dev.spinbpf.programs.linux.ProgType;
import dev.spinbpf.programs.model.Program;
import dev.spinbpf.verifier.check.PacketAccess;
import dev.spinbpf.verifier.check.RawMemory;
import dev.spinbpf.verifier.flow.CriticalSections;
import dev.spinbpf.verifier.flow.Exploration;
import dev.spinbpf.verifier.flow.MemoryAccess;
import dev.spinbpf.verifier.flow.Registers;
import dev.spinbpf.verifier.flow.Rule;
import dev.spinbpf.verifier.kernel.HelperProto;
import dev.spinbpf.verifier.kernel.HelperProto.Attribute;
import dev.spinbpf.verifier.kernel.HelperTraits;
import dev.spinbpf.verifier.kernel.HelperTraits.Trait;
import dev.spinbpf.verifier.kernel.Message;
import dev.spinbpf.verifier.kernel.ProgramRules.Property;
import dev.spinbpf.verifier.kernel.TypeFlags;
import dev.spinbpf.verifier.state.MapInfo;
import dev.spinbpf.verifier.state.RegState;
import java.util.List;
import java.util.Objects;

/**
 * Calls of helpers.
 *
 * <p>What must hold: the path may make calls at all where it is; the kernel has the helper, offers it to programs of this
 * kind, and the program is one that may use it here ({@link #MAY_CALL}); each argument is what the prototype says ({@link
 * HelperArgs}). Then the call does what its row in the table says ({@link HelperEffects}), r1 to r5 are lost, and r0 is
 * what the prototype says ({@link HelperReturns}). Effects see the arguments, so they come before the registers are lost;
 * pointers into packets die last, as even the result may be one.
 */
final class HelperCalls {
    private static final List<Rule<Call>> MAY_CALL = List.of(
            Rule.of(
                    call -> !call.proto.has(Attribute.GPL_ONLY)
                            || call.path.unit().object().isGplCompatible(),
                    Errno.EINVAL,
                    Message.HELPER_NEEDS_GPL),
            Rule.of(Call::isAllowed, Errno.EINVAL, Message.HELPER_NOT_ALLOWED_IN_PROBE),
            Rule.of(
                    call -> !call.proto.has(Attribute.MIGHT_SLEEP)
                            || call.path.state().inSleepable(),
                    Errno.EINVAL,
                    Message.SLEEPABLE_HELPER_IN_PROGRAM,
                    call -> List.of(call.name, call.id, CriticalSections.nonSleepableDescription(call.path.state()))),
            Rule.of(
                    call -> !call.proto.has(Attribute.MIGHT_SLEEP) || CriticalSections.maySleep(call.path.state()),
                    Errno.EINVAL,
                    Message.SLEEPABLE_HELPER_CALLED,
                    call -> List.of(call.name, call.id, CriticalSections.nonSleepableDescription(call.path.state()))));

    private final HelperArgs args;
    private final MemoryAccess memory;

    HelperCalls(MemoryAccess memory) {
        this.args = new HelperArgs(memory);
        this.memory = memory;
    }

    private record Call(Exploration path, int id, String name, HelperProto proto) {
        boolean isAllowed() {
            Property needed = proto.allowed();
            return needed == null || path.unit().has(needed);
        }
    }

    /** Name of the helper as messages show it. */
    static String name(int id) {
        String name = HelperIds.name(id);
        return name == null ? "unknown" : name;
    }

    void check(Exploration path, Insn insn, int insnIndex) {
        int id = (int) insn.imm();
        String name = name(id);
        HelperTraits traits = path.unit().kernel().helperSets().traits(name);
        if (path.state().activeLocks() > 0 && !traits.has(Trait.UNDER_LOCK)) {
            throw path.reject(Errno.EINVAL, Message.CALL_UNDER_LOCK);
        }
        HelperMeta meta = new HelperMeta(id, name, prototype(path, id, name));
        for (int i = 0; i < KernelLimits.MAX_BPF_FUNC_REG_ARGS; i++) {
            args.check(path, i, meta, insnIndex);
        }
        checkMap(path, meta);
        checkTailCall(path, meta);
        fillRawMemory(path, meta, insnIndex);
        HelperEffects effects = new HelperEffects(path, meta, insn, insnIndex);
        effects.release();
        effects.apply();

        RegState r1 = path.reg(1);
        Registers.clearCallerSaved(path, path.func());
        HelperReturns.set(path, meta, insnIndex, r1);
        MapRules.checkHelper(path, meta.map, meta);
        if (meta.has(Trait.FUNCTION_ADDRESS)) {
            checkFuncIp(path, meta);
        }
        if (meta.has(Trait.TAIL_CALL)) {
            tailCall(path);
        } else if (meta.has(Trait.CHANGES_PACKETS) || effects.writtenThroughDynptr()) {
            PacketAccess.invalidateAll(path.state());
        }
    }

    private static HelperProto prototype(Exploration path, int id, String name) {
        if (id < 0 || id >= HelperIds.BPF_FUNC_MAX_ID) {
            throw path.reject(Errno.EINVAL, Message.INVALID_FUNC, name, id);
        }
        HelperProto proto = path.unit().kernel().helperSets().find(path.unit().program(), name);
        if (proto == null) {
            throw path.reject(Errno.EINVAL, Message.HELPER_NOT_ALLOWED_FOR_TYPE, name, id);
        }
        Rule.enforce(path.log(), MAY_CALL, new Call(path, id, name, proto));
        return proto;
    }

    private static void checkMap(Exploration path, HelperMeta meta) {
        if (!meta.has(Trait.RECORDS_MAP)) {
            return;
        }
        MapInfo map = Objects.requireNonNull(meta.map);
        MapRules.checkWritable(path, map, meta);
    }

    private static void checkTailCall(Exploration path, HelperMeta meta) {
        if (!meta.has(Trait.TAIL_CALL)) {
            return;
        }
        MapInfo map = meta.map;
        if (map == null || map.type() != MapType.PROG_ARRAY) {
            throw path.reject(Errno.EINVAL, Message.TAIL_CALL_NEEDS_PROG_ARRAY);
        }
        RegState key = path.reg(3);
        boolean known = key.isScalar()
                && key.isConst()
                && Long.compareUnsigned(key.constValue(), map.def().maxEntries()) < 0;
        if (known) {
            path.services().precision().markChain(path, 3);
        }
    }

    private void fillRawMemory(Exploration path, HelperMeta meta, int insnIndex) {
        RawMemory raw = meta.filled;
        if (raw == null || !raw.isUsed()) {
            return;
        }
        for (int i = 0; i < raw.sizeBytes(); i++) {
            memory.checkAccess(path, insnIndex, path.reg(raw.regno()), Registers.name(raw.regno()), i, 1, true);
        }
    }

    private static void checkFuncIp(Exploration path, HelperMeta meta) {
        Program program = path.unit().program();
        if (path.unit().has(Property.FUNCTION_ADDRESS)) {
            return;
        }
        throw program.type() == ProgType.TRACING
                ? path.reject(Errno.ENOTSUPP, Message.HELPER_ONLY_FOR_TRACING_TRAMPOLINES, meta.name, meta.id)
                : path.reject(
                        Errno.ENOTSUPP,
                        Message.HELPER_NOT_SUPPORTED_FOR_TYPE,
                        meta.name,
                        meta.id,
                        program.type().number());
    }

    /** A tail call that succeeds leaves the frame: in the main program nothing is left to do, else the caller goes on. */
    private static void tailCall(Exploration path) {
        if (path.state().curframe() == 0) {
            return;
        }
        if (path.func().inCallback()) {
            throw path.reject(Errno.EINVAL, Message.TAIL_CALL_IN_CALLBACK);
        }
        path.log().markRegScratched(0);
        path.pushStack(path.insnIndex() + 1, path.insnIndex());
        PacketAccess.invalidateAll(path.state());
        path.setReg(0, RegState.UNKNOWN);
        path.services().callbacks().returnFromFrame(path);
    }

    /** Flags of a possibly null pointer that a helper returns, without that possibility. */
    static int certain(int flags) {
        return flags & ~TypeFlags.PTR_MAYBE_NULL;
    }
}
