package dev.spinbpf.programs.elf;

import dev.spinbpf.programs.linux.KernelLimits;
import dev.spinbpf.programs.linux.MapType;
import dev.spinbpf.programs.model.KfuncRef;
import dev.spinbpf.programs.model.KsymRef;
import dev.spinbpf.programs.model.MapDef;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Puts into a linked program the indices of what it refers to outside of its code. */
final class ReferenceResolver {
    private static final int JUMP_TABLE_ENTRY_BYTES = 8;

    /** Most entries of all jump tables together. */
    private static final int MAX_JUMP_TABLE_ENTRIES = 1_000_000;

    private final List<MapDef> maps;
    private final ExternResolution resolution;
    private final int settingsMap;
    private final int arenaMap;
    private final long arenaDataOffset;
    private final ByteBuffer jumpTables;
    private final List<KfuncRef> kfuncs = new ArrayList<>();
    private final List<KsymRef> ksyms = new ArrayList<>();
    private final Map<Integer, Integer> kfuncIndices = new HashMap<>();
    private final Map<Integer, Integer> ksymIndices = new HashMap<>();
    private final Map<JumpTableKey, Integer> jumpTableMaps = new HashMap<>();

    private int jumpTableEntries;

    private record JumpTableKey(Function main, long symbolOffset) {}

    /**
     * @param maps the object's maps; maps of jump tables are added
     * @param settingsMap index of map {@code .kconfig}, or -1
     * @param arenaMap index of the arena, or -1
     * @param arenaDataOffset where variables start in the arena
     * @param jumpTables contents of section {@code .jumptables}
     */
    ReferenceResolver(
            List<MapDef> maps,
            Externs externs,
            ExternResolution resolution,
            int settingsMap,
            int arenaMap,
            long arenaDataOffset,
            ByteBuffer jumpTables) {
        this.maps = maps;
        this.resolution = resolution;
        this.settingsMap = settingsMap;
        this.arenaMap = arenaMap;
        this.arenaDataOffset = arenaDataOffset;
        this.jumpTables = jumpTables.order(ByteOrder.LITTLE_ENDIAN);
        for (Extern extern : externs.all()) {
            if (extern.role() instanceof Extern.Function) {
                kfuncIndices.put(extern.symbolIndex(), kfuncs.size());
                kfuncs.add(new KfuncRef(
                        extern.name(), resolution.isWeak(extern), extern.btfId(), resolution.isAbsent(extern)));
            } else if (extern.role() instanceof Extern.Variable) {
                ksymIndex(extern);
            }
        }
    }

    List<KfuncRef> kfuncs() {
        return kfuncs;
    }

    List<KsymRef> ksyms() {
        return ksyms;
    }

    /** Applies one relocation at a slot of a placed function. */
    void apply(ObjectLinker.Image image, Function main, ObjectLinker.Placed placed, int at, CodeReloc reloc)
            throws LinkException {
        int slot = placed.base() + at;
        long insn = image.get(slot);
        switch (reloc) {
            case CodeReloc.Call call -> {
                // done when the callee was placed
            }
            case CodeReloc.FunctionAddress address -> {
                // done when the function was placed
            }
            case CodeReloc.MapAddress map ->
                load(image, slot, RawInsn.PSEUDO_MAP_FD, map.mapIndex(), secondImm(image, slot));
            case CodeReloc.DataAddress data -> {
                long offset =
                        RawInsn.imm(insn) + data.symbolOffset() + (data.mapIndex() == arenaMap ? arenaDataOffset : 0);
                load(image, slot, RawInsn.PSEUDO_MAP_VALUE, data.mapIndex(), (int) offset);
            }
            case CodeReloc.ExternCall call -> {
                int index = kfuncIndices.getOrDefault(call.extern().symbolIndex(), -1);
                image.set(slot, RawInsn.of(RawInsn.CALL, 0, RawInsn.PSEUDO_KFUNC_CALL, 0, index));
            }
            case CodeReloc.ExternAddress address -> externAddress(image, slot, address.extern());
            case CodeReloc.JumpTable table -> {
                int map = jumpTableMap(main, placed, table);
                image.set(slot, RawInsn.withOff(insn, 0));
                load(image, slot, RawInsn.PSEUDO_MAP_VALUE, map, secondImm(image, slot));
            }
        }
    }

    private static int secondImm(ObjectLinker.Image image, int slot) {
        return RawInsn.imm(image.get(slot + 1));
    }

    private static void load(ObjectLinker.Image image, int slot, int pseudoSource, int low, int high) {
        long insn = RawInsn.withSrc(image.get(slot), pseudoSource);
        image.set(slot, RawInsn.withImm(insn, low));
        image.set(slot + 1, RawInsn.withImm(image.get(slot + 1), high));
    }

    private void externAddress(ObjectLinker.Image image, int slot, Extern extern) {
        if (extern.role() instanceof Extern.Setting setting) {
            load(image, slot, RawInsn.PSEUDO_MAP_VALUE, settingsMap, setting.offset());
            return;
        }
        load(image, slot, RawInsn.PSEUDO_BTF_ID, ksymIndex(extern), 0);
    }

    private int ksymIndex(Extern extern) {
        return ksymIndices.computeIfAbsent(extern.symbolIndex(), key -> {
            boolean function = extern.role() instanceof Extern.Function;
            boolean typed = !(extern.role() instanceof Extern.Variable variable) || variable.typed();
            ksyms.add(new KsymRef(
                    extern.name(),
                    resolution.isWeak(extern),
                    function,
                    typed,
                    extern.btfId(),
                    resolution.isAbsent(extern)));
            return ksyms.size() - 1;
        });
    }

    /** The map of a jump table: the targets as slots of the linked program. Two programs never share one. */
    private int jumpTableMap(Function main, ObjectLinker.Placed placed, CodeReloc.JumpTable table)
            throws LinkException {
        JumpTableKey key = new JumpTableKey(main, table.symbolOffset());
        Integer known = jumpTableMaps.get(key);
        if (known != null) {
            return known;
        }
        long start = table.symbolOffset();
        if (start < 0
                || table.sizeBytes() <= 0
                || start % JUMP_TABLE_ENTRY_BYTES != 0
                || table.sizeBytes() % JUMP_TABLE_ENTRY_BYTES != 0
                || table.sizeBytes() > jumpTables.limit() - start) {
            throw new LinkException("jump table at " + start + " of " + table.sizeBytes() + " bytes is not within the "
                    + jumpTables.limit() + " bytes of .jumptables");
        }
        int entries = (int) (table.sizeBytes() / JUMP_TABLE_ENTRY_BYTES);
        jumpTableEntries += entries;
        if (jumpTableEntries > MAX_JUMP_TABLE_ENTRIES) {
            throw new LinkException("the jump tables have more than " + MAX_JUMP_TABLE_ENTRIES + " entries together");
        }
        ByteBuffer values = ByteBuffer.allocate(entries * KernelLimits.INSN_ARRAY_VALUE_BYTES)
                .order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < entries; i++) {
            long target = jumpTables.getLong((int) start + i * JUMP_TABLE_ENTRY_BYTES) / RawInsn.BYTES;
            long slot = target - placed.function().start + placed.base();
            if (slot < 0 || slot > Integer.MAX_VALUE) {
                throw new LinkException("jump table entry " + i + " points to slot " + slot);
            }
            values.putInt(i * KernelLimits.INSN_ARRAY_VALUE_BYTES, (int) slot);
        }
        int number = jumpTableMaps.size();
        maps.add(
                MapDef.builder(number == 0 ? MapDef.JUMP_TABLES : MapDef.JUMP_TABLES + "." + number, MapType.INSN_ARRAY)
                        .keySize(Integer.BYTES)
                        .valueSize(KernelLimits.INSN_ARRAY_VALUE_BYTES)
                        .maxEntries(entries)
                        .initialData(values.array())
                        .readOnly(true)
                        .build());
        jumpTableMaps.put(key, maps.size() - 1);
        return maps.size() - 1;
    }
}
