<?php

declare(strict_types=1);

namespace StoreController\Bridge\Test\Unit\Core;

use PHPUnit\Framework\TestCase;
use StoreController\Bridge\Core\Options;

/**
 * Values of source models.
 */
class OptionsTest extends TestCase
{
    /**
     * Flat lists, groups and things that are no options.
     */
    public function testFindsAllValues(): void
    {
        $options = [
            ['value' => '', 'label' => '-- choose --'],
            ['value' => 1, 'label' => 'Yes'],
            ['label' => 'Group', 'value' => [['value' => 'a', 'label' => 'A'], ['value' => 'b', 'label' => 'B']]],
            'no option',
            ['label' => 'nothing'],
        ];
        self::assertSame(['', '1', 'a', 'b'], (new Options())->values($options));
    }

    /**
     * A query tells 1 to 60 values, never the empty one.
     */
    public function testTellsAFewValues(): void
    {
        $options = new Options();
        self::assertSame(['0', '1'], $options->told(['', '0', '1', '1']));
        self::assertNull($options->told(['']));
        self::assertCount(60, (array)$options->told(array_map('strval', range(1, 60))));
        self::assertNull($options->told(array_map('strval', range(1, 61))));
    }
}
