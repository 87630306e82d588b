<?xml version="1.0" encoding="UTF-8"?>
<!-- Shows an SRU response (any version) to a person: Russian words, no scripts, styles from our own host only. -->
<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform">
  <xsl:output method="html" encoding="UTF-8" indent="no" doctype-system="about:legacy-compat"/>

  <xsl:template match="/">
    <html lang="ru">
      <head>
        <title>SRU: сводный каталог</title>
        <meta name="viewport" content="width=device-width, initial-scale=1"/>
        <link rel="stylesheet" href="/sru/style.css"/>
      </head>
      <body>
        <main>
          <h1>Сводный каталог: ответ по протоколу SRU</h1>
          <xsl:apply-templates select="*/*[local-name()='diagnostics']"/>
          <xsl:choose>
            <xsl:when test="*[local-name()='searchRetrieveResponse']"><xsl:call-template name="search"/></xsl:when>
            <xsl:when test="*[local-name()='scanResponse']"><xsl:call-template name="scan"/></xsl:when>
            <xsl:otherwise><xsl:call-template name="explain"/></xsl:otherwise>
          </xsl:choose>
          <p class="note">Это ответ для программ (сам XML – с параметром <code>httpAccept=text/xml</code>). Читателям удобнее <a href="/">поиск по каталогу</a>.</p>
        </main>
      </body>
    </html>
  </xsl:template>

  <xsl:template match="*[local-name()='diagnostics']">
    <section class="wrong">
      <h2>Сообщения</h2>
      <ul>
        <xsl:for-each select="*[local-name()='diagnostic']">
          <li>
            <xsl:value-of select="*[local-name()='message']"/>
            <xsl:if test="*[local-name()='details']">: <code><xsl:value-of select="*[local-name()='details']"/></code></xsl:if>
          </li>
        </xsl:for-each>
      </ul>
    </section>
  </xsl:template>

  <xsl:template name="search">
    <p>Найдено записей: <strong><xsl:value-of select="*/*[local-name()='numberOfRecords']"/></strong>.
      Запрос: <code><xsl:value-of select="*/*[local-name()='echoedSearchRetrieveRequest']/*[local-name()='query']"/></code></p>
    <xsl:for-each select="*/*[local-name()='records']/*[local-name()='record']">
      <article>
        <h2><xsl:value-of select="*[local-name()='recordPosition']"/>.
          <xsl:choose>
            <xsl:when test="*[local-name()='recordIdentifier']">
              <a href="/record/{*[local-name()='recordIdentifier']}"><xsl:call-template name="title"/></a>
            </xsl:when>
            <xsl:otherwise><xsl:call-template name="title"/></xsl:otherwise>
          </xsl:choose>
        </h2>
        <xsl:apply-templates select="*[local-name()='recordData']" mode="record"/>
      </article>
    </xsl:for-each>
    <xsl:for-each select="*/*[local-name()='facetedResults']/*[local-name()='facet']">
      <section>
        <h2><xsl:value-of select="*[local-name()='facetDisplayLabel']"/></h2>
        <ul>
          <xsl:for-each select="*[local-name()='terms']/*[local-name()='term']">
            <li><a href="{*[local-name()='requestUrl']}"><xsl:value-of select="*[local-name()='actualTerm']"/></a>
              (<xsl:value-of select="*[local-name()='count']"/>)</li>
          </xsl:for-each>
        </ul>
      </section>
    </xsl:for-each>
  </xsl:template>

  <xsl:template name="title">
    <xsl:variable name="data" select="*[local-name()='recordData']"/>
    <xsl:choose>
      <xsl:when test="$data//*[local-name()='datafield'][@tag='245' or @tag='200']">
        <xsl:value-of select="$data//*[local-name()='datafield'][@tag='245' or @tag='200'][1]/*[@code='a'][1]"/>
      </xsl:when>
      <xsl:otherwise><xsl:value-of select="$data//*[local-name()='title'][1]"/></xsl:otherwise>
    </xsl:choose>
  </xsl:template>

  <xsl:template match="*[local-name()='recordData']" mode="record">
    <table>
      <xsl:for-each select=".//*[local-name()='leader' or local-name()='controlfield' or local-name()='datafield']">
        <tr>
          <th scope="row"><xsl:choose><xsl:when test="@tag"><xsl:value-of select="@tag"/></xsl:when><xsl:otherwise>маркер</xsl:otherwise></xsl:choose></th>
          <td>
            <xsl:choose>
              <xsl:when test="*[local-name()='subfield']">
                <xsl:for-each select="*[local-name()='subfield']"><b>$<xsl:value-of select="@code"/></b><xsl:text> </xsl:text><xsl:value-of select="."/><xsl:text> </xsl:text></xsl:for-each>
              </xsl:when>
              <xsl:otherwise><code><xsl:value-of select="."/></code></xsl:otherwise>
            </xsl:choose>
          </td>
        </tr>
      </xsl:for-each>
      <xsl:if test="not(.//*[local-name()='datafield'])">
        <xsl:for-each select=".//*[not(*)][normalize-space()]">
          <tr><th scope="row"><xsl:value-of select="local-name()"/></th><td><xsl:value-of select="."/></td></tr>
        </xsl:for-each>
      </xsl:if>
    </table>
  </xsl:template>

  <xsl:template name="scan">
    <table>
      <tr><th scope="col">Термин</th><th scope="col">Записей</th></tr>
      <xsl:for-each select="*/*[local-name()='terms']/*[local-name()='term']">
        <tr><td><xsl:value-of select="*[local-name()='value']"/></td><td><xsl:value-of select="*[local-name()='numberOfRecords']"/></td></tr>
      </xsl:for-each>
    </table>
  </xsl:template>

  <xsl:template name="explain">
    <xsl:variable name="about" select="//*[local-name()='explain']"/>
    <h2><xsl:value-of select="$about//*[local-name()='databaseInfo']/*[local-name()='title']"/></h2>
    <p><xsl:value-of select="$about//*[local-name()='databaseInfo']/*[local-name()='description']"/></p>
    <p>Записей: <xsl:value-of select="$about//*[local-name()='numberOfRecords']"/></p>
    <h3>Форматы записей</h3>
    <ul>
      <xsl:for-each select="$about//*[local-name()='schema']">
        <li><code><xsl:value-of select="@name"/></code> – <xsl:value-of select="*[local-name()='title']"/></li>
      </xsl:for-each>
    </ul>
    <h3>Указатели</h3>
    <table>
      <tr><th scope="col">Что ищется</th><th scope="col">Имена в запросе</th></tr>
      <xsl:for-each select="$about//*[local-name()='index']">
        <tr>
          <td><xsl:value-of select="*[local-name()='title'][1]"/></td>
          <td><xsl:for-each select="*[local-name()='map']/*[local-name()='name']"><code><xsl:value-of select="@set"/>.<xsl:value-of select="."/></code><xsl:text> </xsl:text></xsl:for-each></td>
        </tr>
      </xsl:for-each>
    </table>
  </xsl:template>
</xsl:stylesheet>
