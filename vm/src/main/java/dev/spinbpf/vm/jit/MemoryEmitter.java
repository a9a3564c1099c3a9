package dev.spinbpf.vm.jit;

import static java.lang.constant.ConstantDescs.CD_boolean;
import static java.lang.constant.ConstantDescs.CD_byte;
import static java.lang.constant.ConstantDescs.CD_int;
import static java.lang.constant.ConstantDescs.CD_long;
import static java.lang.constant.ConstantDescs.CD_short;
import static java.lang.constant.ConstantDescs.CD_void;

import dev.spinbpf.maps.map.ArenaMap;
import dev.spinbpf.maps.memory.GuestMemory;
import dev.spinbpf.programs.isa.Insn;
import dev.spinbpf.programs.isa.Op;
import dev.spinbpf.vm.exec.Code;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.Label;
import java.lang.constant.ClassDesc;
import java.lang.constant.MethodTypeDesc;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;

/** Writes loads, stores and atomic operations. The plain ones are accesses of the guest's segment in the method itself. */
final class MemoryEmitter {
    private static final long ADDRESS_MASK = 0xffff_ffffL;
    private static final ClassDesc SEGMENT = ClassDesc.of("java.lang.foreign.MemorySegment");
    private static final ClassDesc HANDLE = ClassDesc.of("java.lang.invoke.VarHandle");
    private static final ClassDesc GUEST = ClassDesc.of("dev.spinbpf.maps.memory.GuestMemory");
    private static final ClassDesc ATOMIC = ClassDesc.of("dev.spinbpf.programs.isa.Op$Atomic");

    private static final ClassDesc ARENA = ClassDesc.of("dev.spinbpf.vm.exec.ArenaAccess");
    private static final ClassDesc ARENA_MAP = ClassDesc.of("dev.spinbpf.maps.map.ArenaMap");

    private static final ClassDesc SHORT = ClassDesc.of("java.lang.Short");
    private static final ClassDesc INTEGER = ClassDesc.of("java.lang.Integer");
    private static final ClassDesc LONG = ClassDesc.of("java.lang.Long");

    private final MethodWriter method;
    private final CodeBuilder out;
    private final ClassConstants constants;
    private final AccessMode access;
    private final StackSlots slots;
    private final LoadMerges merges;

    MemoryEmitter(
            MethodWriter method, ClassConstants constants, AccessMode access, StackSlots slots, LoadMerges merges) {
        this.access = access;
        this.slots = slots;
        this.merges = merges;
        this.method = method;
        this.out = method.out;
        this.constants = constants;
    }

    /** Writes a plain load; with {@code probes} it yields 0 where there is no memory. */
    void load(Insn insn, int index, boolean probes) {
        int slot = slots.indexOf(insn);
        if (slot >= 0) {
            method.loadSlot(slot);
            if (insn.op().kind() == Op.Kind.LDXSX) {
                signExtend(insn.op().widthBytes());
            }
            method.store(insn.dst());
            return;
        }
        Label end = out.newLabel();
        if (probes) {
            Label exists = out.newLabel();
            address(insn.src(), insn.off());
            out.loadConstant((long) insn.op().widthBytes());
            method.callStatic(GUEST, "exists", CD_boolean, CD_long, CD_long);
            out.ifne(exists).lconst_0();
            method.store(insn.dst());
            out.goto_(end).labelBinding(exists);
        }
        cell(insn.op().widthBytes(), insn.src(), insn.off(), index, probes ? AccessMode.CHECKED : access);
        out.invokevirtual(HANDLE, "get", MethodTypeDesc.of(cellType(insn.op()), SEGMENT, CD_long));
        extend(insn.op());
        method.store(insn.dst());
        out.labelBinding(end);
    }

    /** Writes an access through a pointer into the arena: a call, which finds the page. */
    void arena(Insn insn, int index, long constant) {
        Op.Kind kind = insn.op().kind();
        boolean isLoad = kind == Op.Kind.LDX || kind == Op.Kind.LDXSX || kind == Op.Kind.LOAD_ACQUIRE;
        method.at(index);
        method.loadRun();
        out.loadConstant(index).loadConstant(Code.arenaOperation(insn));
        method.load(isLoad ? insn.src() : insn.dst());
        out.loadConstant(insn.off());
        method.callStatic(ARENA, "pointer", CD_long, CD_long, CD_int);
        if (isLoad) {
            method.callStatic(ARENA, "load", CD_long, MethodWriter.EXECUTION, CD_int, CD_int, CD_long);
            method.store(insn.dst());
            return;
        }
        if (kind == Op.Kind.ST) {
            out.loadConstant(constant);
        } else {
            method.load(insn.src());
        }
        if (kind != Op.Kind.ATOMIC) {
            method.callStatic(ARENA, "store", CD_void, MethodWriter.EXECUTION, CD_int, CD_int, CD_long, CD_long);
            return;
        }
        method.load(0);
        method.callStatic(ARENA, "atomic", CD_long, MethodWriter.EXECUTION, CD_int, CD_int, CD_long, CD_long, CD_long);
        keepFetched(insn);
    }

    private void keepFetched(Insn insn) {
        Op.Atomic operator = insn.op().atomic();
        if (operator == Op.Atomic.CMPXCHG) {
            method.store(0);
        } else if (operator.fetches()) {
            method.store(insn.src());
        } else {
            out.pop2();
        }
    }

    /** Makes an address of user space of a pointer into the arena. */
    void toUserSpace(Insn insn, Code code) {
        out.ldc(constants.of(code.arena(), ArenaMap.class));
        method.load(insn.src());
        out.invokevirtual(ARENA_MAP, "userAddress", MethodTypeDesc.of(CD_long, CD_long));
        method.store(insn.dst());
    }

    /** Writes the loads that stand in place of several, before the last of these. */
    void mergedLoads(int index) {
        for (LoadMerges.Merge merge : merges.before(index)) {
            cell(merge.widthBytes(), merge.base(), merge.off(), index, access);
            Op op = loadOf(merge.widthBytes());
            out.invokevirtual(HANDLE, "get", MethodTypeDesc.of(cellType(op), SEGMENT, CD_long));
            if (merge.isBigEndian()) {
                switch (merge.widthBytes()) {
                    case 2 -> method.callStatic(SHORT, "reverseBytes", CD_short, CD_short);
                    case 4 -> method.callStatic(INTEGER, "reverseBytes", CD_int, CD_int);
                    default -> method.callStatic(LONG, "reverseBytes", CD_long, CD_long);
                }
            }
            extend(op);
            if (merge.shiftBits() > 0) {
                out.loadConstant(merge.shiftBits()).lshl();
            }
            method.storeSlot(slots.count() + merge.number());
        }
    }

    /** Writes what an instruction computes where one load gives it; false where it does not. */
    boolean mergedResult(Insn insn, int index) {
        LoadMerges.Merge merge = merges.resultOf(index);
        if (merge == null) {
            return false;
        }
        method.loadSlot(slots.count() + merge.number());
        method.store(insn.dst());
        return true;
    }

    private static Op loadOf(int widthBytes) {
        return switch (widthBytes) {
            case 2 -> Op.LDX_H;
            case 4 -> Op.LDX_W;
            default -> Op.LDX_DW;
        };
    }

    private void signExtend(int widthBytes) {
        out.l2i();
        switch (widthBytes) {
            case 1 -> out.i2b();
            case 2 -> out.i2s();
            default -> {}
        }
        out.i2l();
    }

    /** Gives the slots a value: each is written before it is read, but only the verifier of BPF knows. */
    void initializeSlots() {
        for (int slot = 0; slot < slots.count(); slot++) {
            out.lconst_0();
            method.storeSlot(slot);
        }
    }

    /** Clears the slots that nothing reads from a block on before it writes them. */
    void forgetSlots(int block) {
        for (int slot = 0; slot < slots.count(); slot++) {
            if (!slots.isNeeded(slot, block)) {
                out.lconst_0();
                method.storeSlot(slot);
            }
        }
    }

    /** Stores the slots where the interpreter looks for them. */
    void publishSlots() {
        slots.forEachStore(store -> {
            cell(store.op().widthBytes(), store.dst(), store.off(), 0, access);
            method.loadSlot(slots.indexOf(store));
            set(store.op());
        });
    }

    /** Turns what was loaded into a long. */
    private void extend(Op op) {
        boolean signed = op.kind() == Op.Kind.LDXSX;
        switch (op.widthBytes()) {
            case 1 -> narrow(signed, 0xff);
            case 2 -> narrow(signed, 0xffff);
            case 4 -> {
                if (signed) {
                    out.i2l();
                } else {
                    method.zeroExtend();
                }
            }
            default -> {}
        }
    }

    private void narrow(boolean signed, int mask) {
        if (!signed) {
            out.loadConstant(mask).iand();
        }
        out.i2l();
    }

    /** Writes a plain store of a register or, for {@link Op.Kind#ST}, of a constant. */
    void store(Insn insn, int index, long constant) {
        int slot = slots.indexOf(insn);
        if (slot < 0) {
            cell(insn.op().widthBytes(), insn.dst(), insn.off(), index, access);
        }
        if (insn.op().kind() == Op.Kind.STX) {
            method.load(insn.src());
        } else {
            out.loadConstant(constant);
        }
        if (slot < 0) {
            set(insn.op());
            return;
        }
        if (!insn.op().is64()) {
            out.loadConstant((1L << insn.op().width()) - 1).land();
        }
        method.storeSlot(slot);
    }

    /** Stores the long on the operand stack in the cell below it. */
    private void set(Op op) {
        if (!op.is64()) {
            out.l2i();
        }
        switch (op.widthBytes()) {
            case 1 -> out.i2b();
            case 2 -> out.i2s();
            default -> {}
        }
        out.invokevirtual(HANDLE, "set", MethodTypeDesc.of(CD_void, SEGMENT, CD_long, cellType(op)));
    }

    private static ClassDesc cellType(Op op) {
        return switch (op.widthBytes()) {
            case 1 -> CD_byte;
            case 2 -> CD_short;
            case 4 -> CD_int;
            default -> CD_long;
        };
    }

    /** Leaves handle, segment and offset on the operand stack. */
    private void cell(int widthBytes, int register, int off, int index, AccessMode way) {
        out.ldc(constants.of(GuestAccess.handle(widthBytes), VarHandle.class));
        if (way == AccessMode.MASKED) {
            out.ldc(constants.of(GuestAccess.host(), MemorySegment.class));
            method.loadSandbox();
            method.load(register);
            out.loadConstant(ADDRESS_MASK).land().ladd().loadConstant((long) off + GuestMemory.SANDBOX_MARGIN);
        } else {
            method.at(index);
            out.ldc(constants.of(GuestAccess.SEGMENT, MemorySegment.class));
            method.load(register);
            out.loadConstant(off - GuestMemory.FIRST_ADDRESS);
        }
        out.ladd();
    }

    private void address(int register, int off) {
        method.load(register);
        if (off != 0) {
            out.loadConstant((long) off).ladd();
        }
    }

    /** Writes an atomic operation. */
    void atomic(Insn insn, int index) {
        Op.Atomic operator = insn.op().atomic();
        method.at(index);
        out.getstatic(ATOMIC, operator.name(), ATOMIC);
        address(insn.dst(), insn.off());
        method.load(insn.src());
        method.load(0);
        String name = insn.op().is64() ? "atomic64" : "atomic32";
        method.callStatic(MethodWriter.MEMORY, name, CD_long, ATOMIC, CD_long, CD_long, CD_long);
        keepFetched(insn);
    }

    /** Writes a load with acquire semantics. */
    void loadAcquire(Insn insn, int index) {
        method.at(index);
        out.loadConstant(insn.op().width());
        address(insn.src(), insn.off());
        method.callStatic(MethodWriter.MEMORY, "loadAcquire", CD_long, CD_int, CD_long);
        method.store(insn.dst());
    }

    /** Writes a store with release semantics. */
    void storeRelease(Insn insn, int index) {
        method.at(index);
        out.loadConstant(insn.op().width());
        address(insn.dst(), insn.off());
        method.load(insn.src());
        method.callStatic(MethodWriter.MEMORY, "storeRelease", CD_void, CD_int, CD_long, CD_long);
    }
}
