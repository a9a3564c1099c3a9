/*
 * Text programs, one statement a line. Instructions are spelled as the kernel's disassembler prints them; in addition
 * jumps and calls take names, and "map[...]", "subprog[...]", "ksym[...]" and "&variable" stand for what a loader fills in.
 *
 * The parser is given one line at a time and no rule refers to itself, so that neither its stack nor its look-ahead grows
 * with the input. What a name or a number means, and whether it fits, is checked by the assembler.
 */
grammar BpfAsm;

line
    : label* (INT ':')? statement? EOF
    ;

label
    : name ':'
    ;

statement
    : OPCODE? instruction
    | directive
    | attribute
    | btf
    ;

instruction
    : dst=REG op=assign src=REG                                                             # AluRegister
    | dst=REG op=assign number                                                              # AluImmediate
    | dst=REG '=' '(' type=IDENT ')' src=REG                                                # SignExtend
    | dst=REG '=' '-' src=REG                                                               # Negate
    | dst=REG '=' function=IDENT src=REG                                                    # ByteSwap
    | dst=REG '=' 'addr_space_cast' '(' src=REG ',' to=number ',' from=number ')'           # AddrSpaceCast
    | dst=REG '=' number 'll'                                                               # WideNumber
    | dst=REG '=' symbol                                                                    # WideSymbol
    | dst=REG '=' '*' pointer                                                               # Load
    | dst=REG '=' '*' '(' type=IDENT '*' ')' 'skb' '[' (src=REG '+')? number ']'            # PacketLoad
    | '*' pointer '=' src=REG                                                               # StoreRegister
    | '*' pointer '=' number                                                                # StoreImmediate
    | 'lock' '*' pointer op=assign src=REG                                                  # Atomic
    | dst=REG '=' function=IDENT '(' pointer (',' REG)+ ')'                                 # AtomicFetch
    | dst=REG '=' 'load_acquire' '(' pointer ')'                                            # LoadAcquire
    | 'store_release' '(' pointer ',' src=REG ')'                                           # StoreRelease
    | 'if' dst=REG op=compare (src=REG | number) 'goto' target                              # JumpIf
    | jump=('goto' | 'gotol' | 'may_goto') target                                           # Jump
    | 'gotox' dst=REG                                                                       # JumpToRegister
    | 'call' callee                                                                         # Call
    | 'exit'                                                                                # Exit
    ;

assign
    : '=' | '+=' | '-=' | '*=' | '/=' | 's/=' | '|=' | '&=' | '<<=' | '>>=' | 's>>=' | '%=' | 's%=' | '^='
    ;

compare
    : '==' | '!=' | '>' | '>=' | '<' | '<=' | '&' | 's>' | 's>=' | 's<' | 's<='
    ;

pointer
    : '(' type=IDENT '*' ')' '(' base=REG (sign=('+' | '-') INT)? ')'
    ;

target
    : 'pc' sign=('+' | '-') INT
    | name
    ;

callee
    : 'pc' sign=('+' | '-') INT
    | 'kfunc' '[' number (',' number)? ']'
    | HELPER_NUMBER
    | name
    ;

symbol
    : 'map' '[' name (':' id=number)? ']' (element='[' index=number ']')? ('+' offset=number)?    # MapSymbol
    | 'subprog' '[' (sign=('+' | '-') INT | name) (',' upper=number)? ']'                   # SubprogSymbol
    | 'ksym' '[' name ']'                                                                   # KsymSymbol
    | 'btf' '[' lower=number ',' upper=number ']'                                           # BtfSymbol
    | '&' name                                                                              # VariableSymbol
    ;

directive
    : '.license' STRING                                                                     # License
    | '.program' name section=STRING option*                                                # ProgramStart
    | '.func' name signature? option*                                                       # StaticFunction
    | '.global' name signature? option*                                                     # GlobalFunction
    | '.kfunc' name option*                                                                 # Kfunc
    | '.ksym' name option*                                                                  # Ksym
    | '.map' name type=name                                                                 # MapStart
    | '.inner' name type=name                                                               # InnerStart
    | '.end'                                                                                # InnerEnd
    | '.section' section=name ('size' number)?                                              # SectionStart
    | '.btf'                                                                                # BtfStart
    ;

option
    : key=name ('=' (number | value=name))?
    ;

signature
    : '(' (parameter (',' parameter)*)? ')'
    ;

parameter
    : name+ number?
    ;

attribute
    : key=('key' | 'value') number                                                          # SizeAttribute
    | key=('key' | 'value') 'btf' number                                                    # TypeAttribute
    | key=('max_entries' | 'flags' | 'map_extra' | 'numa_node' | 'init_size') number        # NumberAttribute
    | key=('readonly' | 'writable') number?                                                 # AccessAttribute
    | 'named' name                                                                          # NameAttribute
    | 'lock' type=name 'at' number                                                          # LockAttribute
    | 'field' name ':' type=name ('[' count=number ']')? 'at' offset=number                 # FieldAttribute
    | 'slot' number '=' name                                                                # SlotAttribute
    | 'bytes' number STRING                                                                 # BytesAttribute
    | 'var' name ':' type=name ('[' count=number ']')? ('at' offset=number)? initializer?   # VariableAttribute
    ;

initializer
    : '=' number (',' number)*
    ;

btf
    : '[' number ']' kind=name btfName btfAttribute*                                        # BtfTypeLine
    | btfName btfAttribute+                                                                 # BtfMemberLine
    | btfAttribute+ ('(' name btfName ')')?                                                 # BtfPlacementLine
    ;

btfName
    : QUOTED
    | '(' name ')'
    ;

btfAttribute
    : key=name '=' (number | value=name | '(' value=name ')') ','?
    ;

number
    : '-'? INT
    ;

name
    : IDENT | STRING | keyword
    ;

/* Words of the language that are names too where a name is expected. */
keyword
    : 'addr_space_cast' | 'll' | 'skb' | 'lock' | 'load_acquire' | 'store_release' | 'if' | 'goto' | 'gotol' | 'may_goto'
    | 'gotox' | 'call' | 'exit' | 'pc' | 'kfunc' | 'map' | 'subprog' | 'ksym' | 'btf' | 'key' | 'value' | 'max_entries'
    | 'flags' | 'map_extra' | 'numa_node' | 'init_size' | 'readonly' | 'writable' | 'named' | 'at' | 'field' | 'slot'
    | 'bytes' | 'var' | 'size'
    ;

OPCODE
    : '(' HEX_DIGIT HEX_DIGIT ')'
    ;

REG
    : [rw] DIGIT+
    ;

INT
    : '0' [xX] HEX_DIGIT+
    | DIGIT+
    ;

HELPER_NUMBER
    : IDENT '#' '-'? DIGIT+
    ;

IDENT
    : [A-Za-z_.$] [A-Za-z0-9_.$]*
    ;

STRING
    : '"' (~["\\\r\n] | '\\' ~[\r\n])* '"'
    ;

QUOTED
    : '\'' (~['\\\r\n] | '\\' ~[\r\n])* '\''
    ;

/* Takes the rest of the line, so that it is scanned but once. */
UNTERMINATED
    : ["] (~["\\\r\n] | '\\' ~[\r\n])* '\\'?
    | ['] (~['\\\r\n] | '\\' ~[\r\n])* '\\'?
    ;

NEWLINE
    : '\n'
    ;

/* Ends at the end of the text at the latest, so that an open one is scanned but once. */
BLOCK_COMMENT
    : '/*' .*? ('*/' | EOF) -> channel(HIDDEN)
    ;

COMMENT
    : (';' | '//' | '#') ~[\r\n]* -> channel(HIDDEN)
    ;

BLANK
    : [ \t\f\r]+ -> skip
    ;

UNKNOWN
    : .
    ;

fragment DIGIT
    : [0-9]
    ;

fragment HEX_DIGIT
    : [0-9a-fA-F]
    ;
