#import <Foundation/Foundation.h>
#import "Account.h"
@import CoreData;

static NSString *const LedgerErrorDomain = @"org.example.ledger";

typedef NS_ENUM(NSInteger, LedgerState) {
    LedgerStateOpen,
    LedgerStateClosed,
};

/// What a ledger tells of.
@protocol LedgerDelegate <NSObject>
- (void)ledger:(Ledger *)ledger didPost:(Entry *)entry;
@optional
- (BOOL)ledgerShouldClose:(Ledger *)ledger;
@end

/**
 * Keeps the entries of an account.
 */
@interface Ledger : NSObject <NSCopying>

/// Who owns it.
@property (nonatomic, copy) NSString *owner;
@property (nonatomic, weak) id<LedgerDelegate> delegate;

- (instancetype)initWithOwner:(NSString *)owner;
+ (Ledger *)ledgerWithName:(NSString *)name limit:(NSInteger)limit;

@end

@implementation Ledger {
    NSMutableArray *_entries;
}

- (instancetype)initWithOwner:(NSString *)owner {
    self = [super init];
    if (self) {
        _entries = [NSMutableArray array];
    }
    return self;
}

// Adds an entry.
- (void)post:(Entry *)entry error:(NSError **)error {
    [_entries addObject:entry];
    [self.delegate ledger:self didPost:entry];
    LedgerLog(entry);
}

+ (Ledger *)ledgerWithName:(NSString *)name limit:(NSInteger)limit {
    return [[Ledger alloc] initWithOwner:name];
}

@end

@implementation Ledger (Printing)

- (NSString *)description {
    return [NSString stringWithFormat:@"<Ledger %@>", self.owner];
}

@end

NSInteger LedgerSum(NSArray *entries) {
    return [[entries valueForKeyPath:@"@sum.amount"] integerValue];
}
