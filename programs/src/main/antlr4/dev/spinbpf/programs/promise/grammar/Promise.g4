/*
 * A promise: a condition on globals, elements of maps and runs of programs, in the operators of C. What a name stands for
 * is found when the promise is bound to a workload. The text is short by a limit of its reader, and so is each rule's depth.
 */
grammar Promise;

promise
    : always='always'? condition EOF
    ;

condition
    : conjunction ('||' conjunction)*
    ;

conjunction
    : comparison ('&&' comparison)*
    ;

comparison
    : left=sum (op=('==' | '!=' | '<' | '<=' | '>' | '>=') right=sum)?
    ;

sum
    : product (op+=('+' | '-') product)*
    ;

product
    : factor ('*' factor)*
    ;

factor
    : INT                                       # Number
    | '-' factor                                # Negation
    | '!' factor                                # Inversion
    | '(' condition ')'                         # Nested
    | 'runs' '(' name ')'                       # Runs
    | 'r0' '(' name ')'                         # Result
    | name step*                                # Place
    ;

step
    : '[' '-'? INT ']'                          # Element
    | '.' name                                  # Member
    ;

/* Words of the language are names too, where a name is expected. */
name
    : IDENT
    | 'always'
    | 'runs'
    | 'r0'
    ;

INT
    : '0' [xX] [0-9a-fA-F]+
    | [0-9]+
    ;

IDENT
    : [A-Za-z_] [A-Za-z0-9_]*
    ;

SPACE
    : [ \t\r\n]+ -> skip
    ;

UNKNOWN
    : .
    ;
