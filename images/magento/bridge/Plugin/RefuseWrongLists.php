<?php

declare(strict_types=1);

namespace StoreController\Bridge\Plugin;

use Magento\Framework\Phrase;
use Magento\Framework\Webapi\Exception as WebapiException;
use Magento\Framework\Webapi\ServiceInputProcessor;

/**
 * Answers 400 where a list was expected and something else came. Magento passes it on, and PHP's TypeError
 * becomes a 500 in plain text.
 */
class RefuseWrongLists
{
    private const OURS = 'StoreController\\Bridge\\Api\\';

    /**
     * Looks at what the Bridge's own endpoints are given.
     *
     * @param ServiceInputProcessor $subject
     * @param string $serviceClassName
     * @param string $serviceMethodName
     * @param array<string, mixed> $inputArray
     * @return null
     * @throws WebapiException
     * @SuppressWarnings(PHPMD.UnusedFormalParameter)
     */
    public function beforeProcess(
        ServiceInputProcessor $subject,
        $serviceClassName,
        $serviceMethodName,
        array $inputArray
    ) {
        if (!str_starts_with((string)$serviceClassName, self::OURS)) {
            return null;
        }
        foreach ((new \ReflectionMethod($serviceClassName, $serviceMethodName))->getParameters() as $parameter) {
            $given = $inputArray[$parameter->getName()] ?? null;
            if ((string)$parameter->getType() === 'array' && $given !== null) {
                $this->checkList($parameter->getName(), $given, $serviceMethodName === 'clean');
            }
        }
        return null;
    }

    /**
     * Refuses what is not a list, and a list of something else than was expected.
     *
     * @param string $name
     * @param mixed $given
     * @param bool $ofNames
     * @throws WebapiException
     */
    private function checkList(string $name, mixed $given, bool $ofNames): void
    {
        if (!is_array($given) || !array_is_list($given)) {
            throw $this->refusal($name, $given, 'list');
        }
        foreach ($given as $one) {
            if ($ofNames ? !is_string($one) : !is_array($one)) {
                throw $this->refusal($name, $one, $ofNames ? 'string' : 'object');
            }
        }
    }

    /**
     * Says it in Magento's own words for a wrong type.
     *
     * @param string $name
     * @param mixed $given
     * @param string $expected
     */
    private function refusal(string $name, mixed $given, string $expected): WebapiException
    {
        return new WebapiException(new Phrase(
            'Error occurred during "%1" processing. The "%2" value\'s type is invalid. The "%3" type was expected. '
            . 'Verify and try again.',
            [$name, is_scalar($given) ? substr((string)$given, 0, 64) : gettype($given), $expected]
        ));
    }
}
